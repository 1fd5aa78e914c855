import fc from "fast-check";
import { expect, test } from "vitest";
import { codeOf } from "#pkg/errs/mod.ts";
import { labelsFromPairs } from "#pkg/labels/mod.ts";
import { WriteRequestBuilder } from "./encode.ts";
import { decodeExemplar } from "./exemplar.ts";
import { LabelHasher } from "./hash.ts";
import { ScannedRequest } from "./scan.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const exemplar = fc.record({
  labels: fc.array(fc.tuple(text, text), { maxLength: 3 }).map(labelsFromPairs),
  value: fc.double(),
  timestamp: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, -(2 ** 51))),
});

test("exemplars of a request are found, series by series, and decoded as they were encoded", () => {
  const scanned = new ScannedRequest();
  fc.assert(
    fc.property(fc.array(fc.array(exemplar, { maxLength: 4 }), { maxLength: 30 }), (lists) => {
      const builder = new WriteRequestBuilder();
      for (const [i, list] of lists.entries()) {
        builder.exemplars(["__name__", `m${i}`], list);
        builder.sample(["__name__", `m${i}`], 1, 2, 3);
      }
      const body = builder.view();
      scanned.scan(body, 0, body.length, new LabelHasher());
      expect(scanned.sampleCount).toBe(lists.length);
      const found = Array.from({ length: scanned.exemplarCount }, (_, k) => {
        const [series, start, end] = scanned.exemplarAt.subarray(3 * k);
        return { series, ...decodeExemplar(scanned.bytes, start!, end!) };
      });
      const want = lists.flatMap((list, i) =>
        list.map((one) => ({ series: 2 * i, ...one, problem: undefined })),
      );
      expect(found).toEqual(want);
    }),
    { numRuns: 200 },
  );
});

test("an exemplar that is cut short or damaged is another one, or bad data", () => {
  const builder = new WriteRequestBuilder();
  const labels = ["span", "1", "trace_id", "é".repeat(20)];
  builder.exemplars(["a", "b"], [{ labels, value: -0.5, timestamp: -5 }]);
  const scanned = new ScannedRequest();
  scanned.scan(builder.view(), 0, builder.view().length, new LabelHasher());
  const message = scanned.bytes.slice(scanned.exemplarAt[1], scanned.exemplarAt[2]);
  let failed = 0;
  const attempt = (bytes: Uint8Array): void => {
    try {
      decodeExemplar(bytes, 0, bytes.length);
    } catch (error) {
      expect(codeOf(error)).toBe("bad_data");
      failed++;
    }
  };
  for (let end = 0; end < message.length; end++) attempt(message.subarray(0, end));
  for (let bit = 0; bit < message.length * 8; bit++) {
    const broken = message.slice();
    broken[bit >> 3]! ^= 1 << (bit & 7);
    attempt(broken);
  }
  expect(failed).toBeGreaterThan(50);
});

test.each([
  { name: "a name twice", labels: ["a", "1", "a", "2"], want: /duplicate label name: got "a"/ },
  { name: "half a character", labels: ["a", "\ud83d"], want: undefined },
])("decodeExemplar says what is wrong with labels: $name", ({ labels, want }) => {
  const builder = new WriteRequestBuilder();
  builder.exemplars(["a", "b"], [{ labels, value: 1, timestamp: 1 }]);
  const scanned = new ScannedRequest();
  scanned.scan(builder.view(), 0, builder.view().length, new LabelHasher());
  const [, start, end] = scanned.exemplarAt;
  const { problem } = decodeExemplar(scanned.bytes, start!, end!);
  if (want === undefined) expect(problem).toBe(undefined);
  else expect(problem).toMatch(want);
});
