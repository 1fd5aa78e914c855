import { expect, test } from "vitest";
import { BaseService, type Service, ServiceManager, serviceOf } from "./mod.ts";

const forever = new AbortController().signal;

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (e: Error) => void } {
  let resolve!: () => void;
  let reject!: (e: Error) => void;
  const promise = new Promise<void>((a, b) => {
    resolve = a;
    reject = b;
  });
  return { promise, resolve, reject };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

test("BaseService goes through its states once", async () => {
  const states: string[] = [];
  const service = serviceOf("a", { running: untilAborted });
  service.onChange((state) => states.push(state));
  await service.start(forever);
  await Promise.all([service.stop(), service.stop()]);
  expect(states).toEqual(["starting", "running", "stopping", "terminated"]);
  await expect(service.start(forever)).rejects.toThrow("terminated already");
});

test("BaseService that fails to start cleans up and keeps the error", async () => {
  const steps: string[] = [];
  const service = serviceOf("a", {
    starting: () => Promise.reject(new Error("port taken")),
    stopping: () => Promise.resolve(void steps.push("stopping")),
  });
  await expect(service.start(forever)).rejects.toThrow("port taken");
  expect([service.state, service.failure?.message]).toEqual(["failed", "port taken"]);
  await service.stop();
  expect(steps).toEqual(["stopping"]);
});

test("BaseService fails when its background work fails or ends by itself", async () => {
  for (const [work, message] of [
    [() => Promise.reject(new Error("lost")), "lost"],
    [() => Promise.resolve(), "a ended by itself"],
  ] as const) {
    let stopped = 0;
    const service = serviceOf("a", {
      running: work,
      stopping: () => Promise.resolve(void stopped++),
    });
    const failed = new Promise<void>((resolve) =>
      service.onChange((state) => state === "failed" && resolve()),
    );
    await service.start(forever);
    await failed;
    expect([service.failure?.message, stopped]).toEqual([message, 1]);
    await service.stop();
    expect(stopped).toBe(1);
  }
});

test("BaseService cleans up once when it is stopped while it fails", async () => {
  const cleaning = deferred();
  let stopped = 0;
  const service = serviceOf("a", {
    running: () => Promise.reject(new Error("lost")),
    stopping: () => {
      stopped++;
      return cleaning.promise;
    },
  });
  const failing = new Promise<void>((resolve) =>
    service.onChange((state) => state === "stopping" && resolve()),
  );
  await service.start(forever);
  await failing;
  const ended = service.stop();
  cleaning.resolve();
  await ended;
  expect([service.state, stopped]).toEqual(["failed", 1]);
});

test("BaseService.stop during the start aborts it", async () => {
  const service = serviceOf("a", { starting: untilAborted });
  const started = service.start(forever).catch((error: Error) => error.message);
  await service.stop();
  expect(await started).toBe("start a: canceled");
  expect(service.state).toBe("failed");
});

test("BaseService that was never started terminates at once", async () => {
  class Never extends BaseService {
    protected override stopping(): Promise<void> {
      return Promise.reject(new Error("must not run"));
    }
  }
  const service = new Never("never");
  await service.stop();
  expect(service.state).toBe("terminated");
});

function traced(name: string, trace: string[]): Service {
  return serviceOf(name, {
    starting: async () => {
      await Promise.resolve();
      trace.push(`+${name}`);
    },
    stopping: async () => {
      await Promise.resolve();
      trace.push(`-${name}`);
    },
  });
}

test("ServiceManager starts dependencies first and stops them last", async () => {
  const trace: string[] = [];
  const manager = new ServiceManager();
  manager.add(traced("store", trace));
  manager.add(traced("ring", trace));
  manager.add(traced("ingester", trace), ["store", "ring"]);
  manager.add(traced("api", trace), ["ingester"]);
  expect(manager.notReadyReason()).toContain("store is new");
  await manager.start(forever);
  expect(manager.notReadyReason()).toBeUndefined();
  await manager.stop();
  expect(trace.slice(0, 2).sort()).toEqual(["+ring", "+store"]);
  expect(trace.slice(2, 6)).toEqual(["+ingester", "+api", "-api", "-ingester"]);
  expect(trace.slice(6).sort()).toEqual(["-ring", "-store"]);
  expect(manager.states().map((report) => report.state)).toEqual(
    Array.from({ length: 4 }, () => "terminated"),
  );
});

test("ServiceManager stops everything when one service fails to start", async () => {
  const trace: string[] = [];
  const manager = new ServiceManager();
  const slow = deferred();
  manager.add(traced("a", trace));
  manager.add(
    serviceOf("slow", { starting: (s) => Promise.race([slow.promise, untilAborted(s)]) }),
  );
  manager.add(serviceOf("b", { starting: () => Promise.reject(new Error("no b")) }), ["a"]);
  manager.add(traced("c", trace), ["b"]);
  const failed: string[] = [];
  manager.onFailure((service) => failed.push(service.name));
  await expect(manager.start(forever)).rejects.toThrow("no b");
  expect(trace).toEqual(["+a", "-a"]);
  expect(failed[0]).toBe("b");
  expect(manager.states()).toEqual([
    { name: "a", state: "terminated" },
    { name: "slow", state: "failed", failure: "start slow: canceled" },
    { name: "b", state: "failed", failure: "no b" },
    { name: "c", state: "terminated" },
  ]);
});

test("ServiceManager reports a service that fails later, and still stops the others", async () => {
  const trace: string[] = [];
  const manager = new ServiceManager();
  const work = deferred();
  manager.add(traced("a", trace));
  manager.add(serviceOf("b", { running: () => work.promise }));
  manager.add(serviceOf("c", { stopping: () => Promise.reject(new Error("disk full")) }), ["a"]);
  const failed = new Promise<string>((resolve) => manager.onFailure((s) => resolve(s.name)));
  await manager.start(forever);
  work.reject(new Error("lost"));
  expect(await failed).toBe("b");
  expect(manager.notReadyReason()).toBe("b is failed: lost");
  await expect(manager.stop()).rejects.toThrow("disk full");
  expect(trace).toEqual(["+a", "-a"]);
});

test("ServiceManager refuses unknown dependencies and equal names", () => {
  const manager = new ServiceManager();
  manager.add(serviceOf("a", {}));
  expect(() => manager.add(serviceOf("a", {}))).toThrow("two services named a");
  expect(() => manager.add(serviceOf("b", {}), ["x"])).toThrow("b depends on x");
});
