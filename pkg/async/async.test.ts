import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "#pkg/clock/mod.ts";
import { codeOf, NarthexError } from "#pkg/errs/mod.ts";
import {
  Backoff,
  BoundedQueue,
  linkSignals,
  mapLimit,
  Pacer,
  retry,
  Semaphore,
  sleep,
  withTimeout,
  yieldNow,
} from "./mod.ts";

const code = (error: unknown): string => codeOf(error);

test("sleep resolves at its time and lets go of the signal", async () => {
  const clock = new FakeClock();
  let done = false;
  void sleep(100, new AbortController().signal, clock).then(() => (done = true));
  await clock.advance(99);
  expect(done).toBe(false);
  await clock.advance(1);
  expect(done).toBe(true);
});

test("sleep rejects as canceled and cancels its timer when the signal aborts", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const asleep = sleep(100, controller.signal, clock).catch(code);
  controller.abort();
  expect(await asleep).toBe("canceled");
  expect(clock.pending).toBe(0);
  expect(await sleep(1, controller.signal, clock).catch(code)).toBe("canceled");
});

test("withTimeout aborts with a timeout error, or with its source's reason", async () => {
  const clock = new FakeClock();
  const timed = withTimeout(undefined, 50, clock);
  await clock.advance(50);
  expect(code(timed.signal.reason)).toBe("timeout");
  const controller = new AbortController();
  const linked = withTimeout(controller.signal, 50, clock);
  controller.abort(new NarthexError("unavailable", "gone"));
  expect(code(linked.signal.reason)).toBe("unavailable");
  expect(clock.pending).toBe(0);
  const disposed = withTimeout(undefined, 50, clock);
  disposed.dispose();
  expect(clock.pending).toBe(0);
});

test("linkSignals follows the first source that aborts, even one that has already", () => {
  const a = new AbortController();
  const b = new AbortController();
  const linked = linkSignals(a.signal, undefined, b.signal);
  b.abort("b");
  a.abort("a");
  expect(linked.signal.reason).toBe("b");
  expect(linkSignals(new AbortController().signal, a.signal).signal.aborted).toBe(true);
});

test("Semaphore never exceeds its permits and serves in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }),
      async (permits, weights) => {
        const semaphore = new Semaphore(permits);
        let held = 0;
        const order: number[] = [];
        await Promise.all(
          weights.map(async (wanted, i) => {
            const weight = Math.min(wanted, permits);
            const release = await semaphore.acquire(undefined, weight);
            order.push(i);
            held += weight;
            expect(held).toBeLessThanOrEqual(permits);
            await yieldNow();
            held -= weight;
            release();
            release();
          }),
        );
        expect(order).toEqual(weights.map((_, i) => i));
        expect(semaphore.free).toBe(permits);
      },
    ),
    { numRuns: 50 },
  );
});

test("Semaphore lets an aborted waiter go and serves those behind it", async () => {
  const semaphore = new Semaphore(2, 2);
  const first = await semaphore.acquire();
  const controller = new AbortController();
  const big = semaphore.acquire(controller.signal, 2).catch(code);
  const small = semaphore.acquire();
  expect(await semaphore.acquire().catch(code)).toBe("unavailable");
  expect(semaphore.tryAcquire()).toBeUndefined();
  controller.abort();
  expect(await big).toBe("canceled");
  (await small)();
  first();
  expect(semaphore.free).toBe(2);
});

test("Semaphore.run releases after failure", async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(() => Promise.reject(new Error("x")))).rejects.toThrow("x");
  expect(semaphore.free).toBe(1);
});

test("mapLimit keeps order, bounds concurrency and stops after a failure", async () => {
  let running = 0;
  const begun: number[] = [];
  const results = await mapLimit([3, 1, 2], 2, async (n) => {
    expect(++running).toBeLessThanOrEqual(2);
    for (let i = 0; i < n; i++) await yieldNow();
    running--;
    return n * 10;
  });
  expect(results).toEqual([30, 10, 20]);
  const failing = mapLimit([0, 1, 2, 3], 1, (n) => {
    begun.push(n);
    return n === 1 ? Promise.reject(new Error("one")) : Promise.resolve();
  });
  await expect(failing).rejects.toThrow("one");
  expect(begun).toEqual([0, 1]);
});

test("BoundedQueue behaves as a bounded list", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 400 }), (steps) => {
      const queue = new BoundedQueue<number>(100);
      const model: number[] = [];
      for (const step of steps) {
        if (step === undefined) expect(queue.tryPop()).toBe(model.shift());
        else {
          expect(queue.tryPush(step)).toBe(model.length < 100);
          if (model.length < 100) model.push(step);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

test("BoundedQueue.push waits for room and pop waits for items", async () => {
  const queue = new BoundedQueue<number>(1);
  const taken: number[] = [];
  const consumer = (async () => {
    for await (const item of queue) taken.push(item);
  })();
  for (let i = 0; i < 5; i++) await queue.push(i);
  queue.close();
  await consumer;
  expect(taken).toEqual([0, 1, 2, 3, 4]);
  expect(await queue.push(9).catch(code)).toBe("unavailable");
});

test("BoundedQueue.close refuses waiting pushes and keeps what is in", async () => {
  const queue = new BoundedQueue<number>(1);
  await queue.push(1);
  const late = queue.push(2).catch(code);
  queue.close();
  expect(await late).toBe("unavailable");
  expect(await queue.pop()).toBe(1);
  expect(await queue.pop()).toBeUndefined();
});

test("BoundedQueue.pop can be canceled without losing an item", async () => {
  const queue = new BoundedQueue<number>(1);
  const controller = new AbortController();
  const waiting = queue.pop(controller.signal).catch(code);
  controller.abort();
  expect(await waiting).toBe("canceled");
  expect(queue.tryPush(7)).toBe(true);
  expect(await queue.pop()).toBe(7);
});

test("Backoff grows to its maximum and spreads over the upper half", () => {
  const low = new Backoff({ minMs: 100, maxMs: 1000, random: () => 0 });
  expect([1, 2, 3, 4, 5, 6].map(() => low.next())).toEqual([50, 100, 200, 400, 500, 500]);
  low.reset();
  expect(low.next()).toBe(50);
  const high = new Backoff({ minMs: 100, maxMs: 1000, factor: 3, random: () => 0.5 });
  expect([high.next(), high.next(), high.next()]).toEqual([75, 225, 675]);
});

test("retry waits between attempts and gives up on lasting or repeated errors", async () => {
  const clock = new FakeClock();
  const options = {
    minMs: 100,
    maxMs: 100,
    random: () => 0,
    clock,
    maxAttempts: 3,
    retryable: (error: unknown) => codeOf(error) === "unavailable",
  };
  let calls = 0;
  const gone = (): Promise<never> => {
    calls++;
    return Promise.reject(new NarthexError("unavailable", "gone"));
  };
  const failed = retry(gone, options).catch(code);
  await clock.advance(49);
  expect(calls).toBe(1);
  await clock.advance(51);
  expect(await failed).toBe("unavailable");
  expect(calls).toBe(3);
  const bad = retry(() => Promise.reject(new NarthexError("bad_data", "no")), options);
  expect(await bad.catch(code)).toBe("bad_data");
  expect(await retry((attempt) => Promise.resolve(attempt), options)).toBe(1);
});

test("Pacer is due once its budget is spent", async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, setTimeout: () => ({ cancel() {} }) };
  const pacer = new Pacer(clock, 8);
  const due = (): number => Array.from({ length: 32 }, () => pacer.due()).filter(Boolean).length;
  expect(due()).toBe(0);
  now = 8;
  expect(due()).toBe(2);
  await pacer.yield();
  expect(due()).toBe(0);
});
