import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { codeOf } from "#pkg/errs/mod.ts";
import { labelsFromPairs } from "#pkg/labels/mod.ts";
import { decodeMetadata, WriteRequestBuilder } from "./encode.ts";
import { decodeExemplar } from "./exemplar.ts";
import { LabelHasher } from "./hash.ts";
import { decodeHistogramMessage } from "./histogram-decode.ts";
import { decodeLabels } from "./labels.ts";
import { ScannedRequest } from "./scan.ts";
import { RequestTranslator } from "./v2.ts";

const { root } = protobuf.parse(`syntax = "proto3";
message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
message TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3; repeated Exemplar exemplars = 4; Metadata metadata = 5; }
message Exemplar { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
message Histogram { uint64 count_int = 1; double sum = 3; int64 timestamp = 15; int64 start_timestamp = 17; }`);
const Request = root.lookupType("Request");

/** Gives strings their numbers. */
class Symbols {
  readonly list: string[] = [""];

  of(text: string): number {
    const at = this.list.indexOf(text);
    return at >= 0 ? at : this.list.push(text) - 1;
  }

  refs(pairs: readonly (readonly [string, string])[]): number[] {
    return pairs.flat().map((text) => this.of(text));
  }
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const pairs = fc.uniqueArray(fc.tuple(text, fc.oneof(text, fc.constant(""))), {
  maxLength: 8,
  selector: ([name]) => name,
});
const t = fc.integer({ min: -1e12, max: 2e12 });
const start = fc.oneof(t, fc.constant(0));
const series = fc.record({
  labels: pairs,
  samples: fc.array(fc.record({ value: fc.double(), timestamp: t, startTimestamp: start }), {
    maxLength: 3,
  }),
  exemplars: fc.array(fc.record({ labels: pairs, value: fc.double(), timestamp: t }), {
    maxLength: 2,
  }),
  histograms: fc.array(
    fc.record({ countInt: fc.nat(), sum: fc.double(), timestamp: t, startTimestamp: start }),
    { maxLength: 2 },
  ),
});

function encode(list: readonly object[], symbols: readonly string[]): Uint8Array {
  return Request.encode(Request.fromObject({ symbols: [...symbols], timeseries: list })).finish();
}

test("a request of version 2.0 becomes one of 1.0 with the same content", () => {
  const translator = new RequestTranslator();
  const scanned = new ScannedRequest();
  fc.assert(
    fc.property(fc.array(series, { maxLength: 20 }), (list) => {
      const symbols = new Symbols();
      const wire = list.map(({ labels, exemplars, ...rest }) => ({
        ...rest,
        labelsRefs: symbols.refs(labels),
        exemplars: exemplars.map((one) => ({ ...one, labelsRefs: symbols.refs(one.labels) })),
      }));
      const bytes = encode(wire, symbols.list);
      const { body, invalid } = translator.translate(bytes, 0, bytes.length, 1e9);
      expect(invalid).toBe(undefined);
      scanned.scan(body, 0, body.length, new LabelHasher());
      expect(scanned.seriesCount).toBe(list.length);
      let sample = 0;
      let histogram = 0;
      let exemplar = 0;
      for (const [i, want] of list.entries()) {
        const [start, end] = [scanned.labelsStart[i]!, scanned.labelsEnd[i]!];
        const decoded = decodeLabels(scanned.bytes, start, end);
        expect(decoded.labels).toEqual(labelsFromPairs(want.labels));
        expect(decoded.isCanonical).toBe(true);
        for (const { timestamp, startTimestamp } of want.samples) {
          expect(scanned.startCount > 0 ? scanned.starts[sample] : 0).toBe(startTimestamp);
          expect(scanned.timestamps[sample++]).toBe(timestamp);
        }
        expect(scanned.sampleFrom[i + 1]).toBe(sample);
        for (const { timestamp, startTimestamp } of want.histograms) {
          const [from, to] = [scanned.histogramStart[histogram]!, scanned.histogramEnd[histogram]!];
          expect(scanned.histogramSeries[histogram++]).toBe(i);
          const {
            t: time,
            start: begun = 0,
            problem,
          } = decodeHistogramMessage(scanned.bytes, from, to);
          expect(time).toBe(timestamp);
          if (problem === undefined) expect(begun).toBe(startTimestamp);
        }
        for (const { labels, value, timestamp } of want.exemplars) {
          const [at, from, to] = scanned.exemplarAt.subarray(3 * exemplar++);
          const got = decodeExemplar(scanned.bytes, from!, to!);
          const problem = undefined;
          expect(at).toBe(i);
          expect(got).toEqual({ labels: labelsFromPairs(labels), value, timestamp, problem });
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a series without starts, exemplars and metadata is byte for byte that of version 1.0", () => {
  const symbols = new Symbols();
  const labels = ["__name__", "m", "a", "é".repeat(100), "b", "x"];
  const sample = { value: 1, timestamp: 1_700_000_000_000 };
  const shuffled = [
    ["b", "x"],
    ["none", ""],
    ["__name__", "m"],
    ["a", "é".repeat(100)],
  ] as const;
  const bytes = encode([{ labelsRefs: symbols.refs(shuffled), samples: [sample] }], symbols.list);
  const builder = new WriteRequestBuilder();
  builder.sample(labels, sample.timestamp, 0x3ff00000, 0);
  const { body } = new RequestTranslator().translate(bytes, 0, bytes.length, 1e9);
  expect(Buffer.from(body).equals(builder.view())).toBe(true);
});

test("series that refer to no symbol are left out and counted, the others taken", () => {
  const samples = [{ value: 1, timestamp: 5 }];
  const histograms = [{ countInt: 1, timestamp: 5 }];
  const list = [
    { labelsRefs: [1, 2], samples },
    { labelsRefs: [1, 3], samples, histograms },
    { labelsRefs: [1], samples },
    { labelsRefs: [2, 1], exemplars: [{ labelsRefs: [9, 1] }, { labelsRefs: [2, 2] }], samples },
  ];
  const bytes = encode(list, ["", "a", "b"]);
  const { body, invalid } = new RequestTranslator().translate(bytes, 0, bytes.length, 1e9);
  expect(invalid).toEqual({
    ...{ samples: 2, histograms: 1 },
    message: "labels_refs [1, 3]: want pairs of numbers below 3, the count of symbols",
  });
  const scanned = new ScannedRequest();
  scanned.scan(body, 0, body.length, new LabelHasher());
  expect([scanned.seriesCount, scanned.sampleCount, scanned.exemplarCount]).toEqual([2, 2, 1]);
});

test("metadata comes once for each metric, by the name of its family", () => {
  const symbols = new Symbols();
  const list = (
    [
      ["up", 2, "is it up?", ""],
      ["up", 2, "is it up?", ""],
      ["h_bucket", 3, "h", "seconds"],
      ["h_sum", 3, "h", "seconds"],
      ["s_count", 5, "s", ""],
      ["c_total", 1, "c", "bytes"],
      ["plain", 0, "", ""],
      ["odd", 77, "o", ""],
    ] as const
  ).map(([name, type, help, unit], i) => ({
    labelsRefs: symbols.refs([
      ["i", `${i}`],
      ["__name__", name],
    ]),
    samples: [{ timestamp: 1 }],
    exemplars: [{ labelsRefs: symbols.refs([["trace_id", "x"]]) }],
    metadata: { type, helpRef: symbols.of(help), unitRef: symbols.of(unit) },
  }));
  const bytes = encode(list, symbols.list);
  const { body } = new RequestTranslator().translate(bytes, 0, bytes.length, 1e9);
  const scanned = new ScannedRequest();
  scanned.scan(body, 0, body.length, new LabelHasher());
  const found = Array.from({ length: scanned.metadataRanges.length / 2 }, (_, i) => {
    const [start, end] = scanned.metadataRanges.slice(2 * i);
    const { metric, type, help, unit } = decodeMetadata(scanned.bytes, start!, end!);
    return [metric, type, help, unit].join();
  });
  expect(found).toEqual([
    ...["up,gauge,is it up?,", "h,histogram,h,seconds", "h,histogram,h,seconds", "s,summary,s,"],
    ...["c_total,counter,c,bytes", "odd,unknown,o,"],
  ]);
});

test("a few bytes that stand for very many are refused before they are written", () => {
  const list = Array.from({ length: 10_000 }, () => ({ labelsRefs: [1, 2] }));
  const bytes = encode(list, ["", "a", "x".repeat(10_000)]);
  expect(bytes.length).toBeLessThan(100_000);
  const translate = (): unknown =>
    new RequestTranslator().translate(bytes, 0, bytes.length, 1_000_000);
  expect(codeOf(caught(translate))).toBe("too_large");
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("a request that is cut short or damaged is another one, or bad data", () => {
  const symbols = new Symbols();
  const labels = [
    ["__name__", "m"],
    ["a", "b"],
  ] as const;
  const one = {
    labelsRefs: symbols.refs(labels),
    samples: [{ value: 1.5, timestamp: -7, startTimestamp: 3 }],
    exemplars: [{ labelsRefs: symbols.refs([["trace_id", "x"]]), value: 2, timestamp: 9 }],
    metadata: { type: 1, helpRef: symbols.of("help"), unitRef: 0 },
  };
  const whole = encode([one, one], symbols.list);
  const translator = new RequestTranslator();
  let failed = 0;
  const attempt = (bytes: Uint8Array): void => {
    const error = caught(() => translator.translate(bytes, 0, bytes.length, 1e6));
    if (error === undefined) return;
    expect(codeOf(error)).toBe("bad_data");
    failed++;
  };
  for (let end = 0; end < whole.length; end++) attempt(whole.slice(0, end));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const broken = whole.slice();
    broken[bit >> 3]! ^= 1 << (bit & 7);
    attempt(broken);
  }
  expect(failed).toBeGreaterThan(100);
});
