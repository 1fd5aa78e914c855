import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import {
  encodeLabels,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { Head } from "./head.ts";
import { HeadReader } from "./head-read.ts";
import { PushRecords } from "./head-wal.ts";

const OPTIONS = { blockDurationMs: 60_000, outOfOrderWindowMs: 60_000, creationGraceMs: 0 };
const NOW = 1e6;

/** A write request of one series with these label bytes and one sample at `t`. */
function requestOf(labelBytes: Uint8Array, t: number): Uint8Array {
  const time = new ByteWriter(16);
  time.u8(0x10);
  time.uvarint(t);
  const series = new ByteWriter(64);
  series.raw(labelBytes, 0, labelBytes.length);
  series.u8(0x12);
  series.uvarint(time.length);
  series.raw(time.bytes, 0, time.length);
  const out = new ByteWriter(64);
  out.u8(0x0a);
  out.uvarint(series.length);
  out.raw(series.bytes, 0, series.length);
  return out.take();
}

function bytesOf(labels: Record<string, string>, emptyLabels = 0, sizeOfEmpty = 1): Uint8Array {
  const out = new ByteWriter(64);
  encodeLabels(labelsFromObject(labels), out);
  for (let i = 0; i < emptyLabels; i++) {
    const name = "z".repeat(sizeOfEmpty) + i;
    const body = new ByteWriter(64);
    body.u8(0x0a);
    body.uvarint(name.length);
    body.utf8(name);
    out.u8(0x0a);
    out.uvarint(body.length);
    out.raw(body.bytes, 0, body.length);
  }
  return out.take();
}

function push(head: Head, labelBytes: Uint8Array, t: number): [number, string[], string[]] {
  const request = new ScannedRequest();
  const body = requestOf(labelBytes, t);
  request.scan(body, 0, body.length, head.hasher, head.index);
  const reasons: string[] = [];
  const records = new PushRecords();
  const logged: string[] = [];
  const accepted = head.append(request, NOW, { admit: () => undefined }, records, {
    reject: (reason) => reasons.push(reason),
  });
  records.drain((bytes) => logged.push(bytes[0] === 1 ? "series" : "samples"));
  return [accepted, reasons, logged];
}

test("Head.append logs a series whose first spelling is too long to be kept", () => {
  const head = new Head(OPTIONS, new LabelHasher(1, 2));
  // Labels without value do not count, so this is {__name__="m"} in 2 MB.
  const long = bytesOf({ __name__: "m" }, 2, 1_000_000);
  expect(push(head, long, 1000)).toEqual([1, [], ["series", "samples"]]);
  expect(push(head, long, 2000)).toEqual([1, [], ["samples"]]);
  expect(head.liveSeries).toBe(1);
});

test("Head.append refuses label sets that are larger than the head can hold", () => {
  const head = new Head(OPTIONS, new LabelHasher(1, 2));
  const huge = bytesOf({ __name__: "m", a: "x".repeat(2_000_000) });
  expect(push(head, huge, 1000)).toEqual([0, ["labels_too_large"], []]);
  expect(head.rows.length).toBe(0);
  expect(push(head, bytesOf({ __name__: "m" }), 1000)[0]).toBe(1);
});

test("Head.append keeps a bounded number of spellings of a series", () => {
  const head = new Head(OPTIONS, new LabelHasher(1, 2));
  for (let i = 0; i < 2500; i++) {
    expect(push(head, bytesOf({ __name__: "m" }, i % 100, 1 + Math.floor(i / 100)), i)[0]).toBe(1);
  }
  expect(head.liveSeries).toBe(1);
  expect(head.index.count).toBeLessThan(2000);
});

test("Head.append refuses times that the log cannot tell apart", () => {
  const head = new Head(OPTIONS, new LabelHasher(1, 2));
  const time = new ScannedRequest();
  const body = requestOf(bytesOf({ __name__: "m" }), 1000);
  time.scan(body, 0, body.length, head.hasher, head.index);
  time.timestamps[0] = -(2 ** 53) + 1;
  const reasons: string[] = [];
  const sink = { reject: (reason: string): unknown => reasons.push(reason) };
  expect(head.append(time, NOW, { admit: () => undefined }, new PushRecords(), sink)).toBe(0);
  expect(reasons).toEqual(["sample_too_old"]);
});

/** Label sets of which some begin as others do, so that a guess can be right only in part. */
const RELATIVES: readonly Record<string, string>[] = [
  { __name__: "m" },
  { __name__: "m", a: "1" },
  { __name__: "m", a: "1", b: "2" },
  { __name__: "m", a: "1", b: "2", c: "3" },
  { __name__: "m2" },
  { __name__: "m", b: "2" },
];

test("a request scanned with what the head knows does what one scanned without does", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.array(fc.tuple(fc.nat(RELATIVES.length - 1), fc.integer({ min: -3, max: 90 })), {
            maxLength: 12,
          }),
          // Times of our days are read in a way of their own.
          fc.constantFrom(1000, 1.7e12),
          fc.boolean(),
        ),
        { maxLength: 20 },
      ),
      (requests) => {
        const heads = [
          new Head(OPTIONS, new LabelHasher(1, 2)),
          new Head(OPTIONS, new LabelHasher(1, 2)),
        ];
        for (const [series, base, isReversed] of requests) {
          const builder = new WriteRequestBuilder();
          for (const [i, t] of isReversed ? series.toReversed() : series) {
            builder.sample(labelsFromObject(RELATIVES[i]!), base + t, 0x3ff00000 + t, t >>> 0);
          }
          const outcomes = heads.map((head, i) => {
            const request = new ScannedRequest();
            const body = builder.view();
            request.scan(body, 0, body.length, head.hasher, i === 0 ? undefined : head.index);
            const log: unknown[] = [];
            const records = new PushRecords();
            head.append(request, 1.7e12, { admit: () => undefined }, records, {
              reject: (reason, count) => log.push([reason, count]),
            });
            records.drain((bytes, start, end) => log.push([...bytes.subarray(start, end)]));
            return log;
          });
          expect(outcomes[1]).toEqual(outcomes[0]);
        }
        for (let ref = 0; ref < heads[0]!.rows.length; ref++) {
          const [plain, fast] = heads.map((head) => new HeadReader(head).inOrderChunks(ref));
          expect(fast).toEqual(plain);
        }
      },
    ),
    { numRuns: 200 },
  );
});
