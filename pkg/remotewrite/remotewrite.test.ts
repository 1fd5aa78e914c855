import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { labelsFromPairs } from "#pkg/labels/mod.ts";
import {
  canonicalLabelBytes,
  decodeLabels,
  decodeMetadata,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "./mod.ts";

/** The protocol as upstream declares it, read by a library: the oracle. */
const { root } = protobuf.parse(`syntax = "proto3";
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
message Histogram { uint64 count_int = 1; int64 timestamp = 15; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }`);
const WriteRequest = root.lookupType("WriteRequest");

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
const label = fc.record({ name: text, value: fc.oneof(text, fc.constant("")) });
const sample = fc.record({
  value: fc.double(),
  timestamp: fc.oneof(fc.integer(), fc.maxSafeInteger()),
});
const request = fc.record({
  timeseries: fc.array(
    fc.record({
      labels: fc.array(label, { maxLength: 12 }),
      samples: fc.array(sample, { maxLength: 4 }),
      exemplars: fc.array(
        fc.record({ labels: fc.array(label, { maxLength: 2 }), value: fc.double() }),
        {
          maxLength: 2,
        },
      ),
    }),
    { maxLength: 300 },
  ),
  metadata: fc.array(
    fc.record({
      type: fc.integer({ min: 0, max: 7 }),
      metricFamilyName: text,
      help: text,
      unit: text,
    }),
    { maxLength: 3 },
  ),
});

function scan(body: Uint8Array, scanned = new ScannedRequest()): ScannedRequest {
  scanned.scan(body, 0, body.length, new LabelHasher());
  return scanned;
}

test("ScannedRequest finds what a protobuf library wrote, reused or not", () => {
  const scanned = new ScannedRequest();
  fc.assert(
    fc.property(request, (message) => {
      const body = WriteRequest.encode(WriteRequest.fromObject(message)).finish();
      scan(body, scanned);
      expect(scanned.seriesCount).toBe(message.timeseries.length);
      for (const [i, series] of message.timeseries.entries()) {
        const decoded = decodeLabels(scanned.bytes, scanned.labelsStart[i]!, scanned.labelsEnd[i]!);
        const unique = new Set(series.labels.filter((l) => l.value !== "").map((l) => l.name));
        if (unique.size === series.labels.filter((l) => l.value !== "").length) {
          expect(decoded.labels).toEqual(
            labelsFromPairs(series.labels.map((l) => [l.name, l.value])),
          );
          expect(decoded.duplicate).toBeUndefined();
        } else expect(decoded.duplicate).toBeDefined();
        const first = scanned.sampleFrom[i]!;
        expect(scanned.sampleFrom[i + 1]! - first).toBe(series.samples.length);
        for (const [s, { value, timestamp }] of series.samples.entries()) {
          expect(scanned.timestamps[first + s]).toBe(timestamp);
          const bits = new DataView(new ArrayBuffer(8));
          bits.setUint32(0, scanned.bits[2 * (first + s) + 1]!);
          bits.setUint32(4, scanned.bits[2 * (first + s)]!);
          expect(bits.getFloat64(0)).toBe(value);
        }
      }
      const metadata = [];
      for (let i = 0; i < scanned.metadataRanges.length; i += 2) {
        metadata.push(
          decodeMetadata(scanned.bytes, scanned.metadataRanges[i]!, scanned.metadataRanges[i + 1]!),
        );
      }
      expect(metadata.map(({ metric, help, unit }) => [metric, help, unit])).toEqual(
        message.metadata.map((m) => [m.metricFamilyName, m.help, m.unit]),
      );
    }),
    { numRuns: 150 },
  );
});

test("WriteRequestBuilder writes what the library reads", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(fc.tuple(text, text)), fc.maxSafeInteger(), fc.double())),
      (series) => {
        const builder = new WriteRequestBuilder();
        const bits = new DataView(new ArrayBuffer(8));
        const want = series.map(([pairs, timestamp, value]) => {
          const labels = labelsFromPairs(pairs);
          bits.setFloat64(0, value);
          builder.sample(labels, timestamp, bits.getUint32(0), bits.getUint32(4));
          return { labels, timestamp, value };
        });
        const message = WriteRequest.toObject(WriteRequest.decode(builder.view()), {
          longs: Number,
          arrays: true,
          defaults: true,
        }) as { timeseries: { labels: { name: string; value: string }[]; samples: unknown[] }[] };
        expect(
          message.timeseries.map(({ labels, samples }) => [
            labels.flatMap(({ name, value }) => [name, value]),
            samples,
          ]),
        ).toEqual(want.map(({ labels, timestamp, value }) => [labels, [{ value, timestamp }]]));
      },
    ),
  );
});

test("isCanonical holds just for the bytes that encodeLabels writes", () => {
  fc.assert(
    fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
      const body = WriteRequest.encode(
        WriteRequest.fromObject({ timeseries: [{ labels, samples: [{}] }] }),
      ).finish();
      const scanned = scan(body);
      const range = [scanned.labelsStart[0]!, scanned.labelsEnd[0]!] as const;
      const decoded = decodeLabels(body, ...range);
      if (decoded.duplicate !== undefined) return;
      const same =
        Buffer.compare(canonicalLabelBytes(decoded.labels), body.subarray(...range)) === 0;
      expect(decoded.isCanonical).toBe(same);
    }),
  );
});

test("labels in several places of a series are gathered", () => {
  const a = Buffer.from([0x0a, 6, 0x0a, 1, 0x61, 0x12, 1, 0x31]);
  const b = Buffer.from([0x0a, 6, 0x0a, 1, 0x62, 0x12, 1, 0x32]);
  const point = Buffer.from([0x12, 2, 0x10, 5]);
  const inner = Buffer.concat([a, point, b, point]);
  const scanned = scan(Buffer.concat([Buffer.from([0x0a, inner.length]), inner]));
  expect(
    decodeLabels(scanned.bytes, scanned.labelsStart[0]!, scanned.labelsEnd[0]!).labels,
  ).toEqual(["a", "1", "b", "2"]);
  expect([...scanned.timestamps.subarray(0, scanned.sampleCount)]).toEqual([5, 5]);
});

test("invalid UTF-8 is told from a replacement character that was sent", () => {
  const f = (value: readonly number[], want: boolean): void => {
    const body = Buffer.from([0x0a, 5 + value.length, 0x0a, 1, 0x61, 0x12, value.length, ...value]);
    expect(decodeLabels(body, 0, body.length).invalidUtf8).toBe(want);
  };
  f([0xff, 0xfe], true);
  f([0xef, 0xbf, 0xbd], false);
  f([0xc3, 0xa9], false);
});

test("every prefix and every flipped bit of a request is refused or read, never more", () => {
  const builder = new WriteRequestBuilder();
  builder.sample(["__name__", "up", "job", "é".repeat(70)], 1_700_000_000_000, 0x3ff00000, 0);
  builder.sample(["__name__", "up"], -5, 0x3ff00000, 0);
  builder.metadata({ metric: "up", type: "gauge", help: "h", unit: "" });
  const body = Buffer.from(builder.view());
  const attempt = (bytes: Uint8Array): void => {
    try {
      const scanned = scan(bytes);
      for (let i = 0; i < scanned.seriesCount; i++) {
        decodeLabels(scanned.bytes, scanned.labelsStart[i]!, scanned.labelsEnd[i]!);
      }
    } catch (error) {
      expect(String(error)).toMatch(/decode (write request|labels)/);
    }
  };
  for (let end = 0; end < body.length; end++) attempt(body.subarray(0, end));
  for (let bit = 0; bit < body.length * 8; bit++) {
    const broken = Buffer.from(body);
    broken[bit >> 3]! ^= 1 << (bit & 7);
    attempt(broken);
  }
});
