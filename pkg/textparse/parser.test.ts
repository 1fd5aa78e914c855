import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatSeries } from "#pkg/labels/mod.ts";
import { parseFloatText } from "#pkg/model/mod.ts";
import { upstream } from "../../test/peers/peers.ts";
import { type ExpositionFormat, negotiateFormat } from "./content-type.ts";
import { FloatReader, formatOpenMetricsFloat } from "./number.ts";
import { EntryKind, ExpositionParser } from "./parser.ts";

/** Everything a body holds, one line of text an entry. */
function entries(body: string | Uint8Array, format: ExpositionFormat = "text"): string[] {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const parser = new ExpositionParser();
  parser.reset(format, bytes);
  const out: string[] = [];
  for (;;) {
    const kind = parser.next();
    if (kind === EntryKind.eof) return out;
    if (kind === EntryKind.series) {
      let line = `${formatSeries(parser.labels())} ${parser.value}`;
      if (parser.hasTimestamp) line += ` @${parser.timestampMs}`;
      if (parser.hasExemplar) {
        line += ` # ${parser.exemplarLabels().join("|")} ${parser.exemplarValue}`;
        if (parser.hasExemplarTimestamp) line += ` @${parser.exemplarTimestampMs}`;
      }
      out.push(line);
    } else if (kind === EntryKind.type) out.push(`TYPE ${parser.family()} ${parser.type}`);
    else if (kind === EntryKind.help) out.push(`HELP ${parser.family()} ${parser.text()}`);
    else if (kind === EntryKind.unit) out.push(`UNIT ${parser.family()} ${parser.text()}`);
    else out.push(`COMMENT ${parser.text()}`);
  }
}

describe("ExpositionParser, text format", () => {
  const f = (body: string, want: string[]): void =>
    it(JSON.stringify(body), () => expect(entries(body)).toEqual(want));

  f("", []);
  f("a 1\n", ["a 1"]);
  f("a 1", ["a 1"]);
  f("\n\n  a 1\n", ["a 1"]);
  f('a{b="c"} 1.5 1234\n', ['a{b="c"} 1.5 @1234']);
  f('a{ b = "c" , d="e", } +Inf', ['a{b="c", d="e"} Infinity']);
  f('a{d="e" b="c"}1e3', ['a{b="c", d="e"} 1000']);
  f('a{b="x\\"y\\\\z\\n"} NaN', ['a{b="x\\"y\\\\z\\n"} NaN']);
  f('a{b=""} 0', ["a 0"]);
  f('a{b="}#"} 0', ['a{b="}#"} 0']);
  f('{"a.b"} 1', ['{__name__="a.b"} 1']);
  f('{"a.b","c d"="e",f="g"} 1', ['{__name__="a.b", "c d"="e", f="g"} 1']);
  f('{f="g","a.b"} 1', ['{__name__="a.b", f="g"} 1']);
  f("# just words\n#nothing\n# HELP\n", [
    "COMMENT # just words",
    "COMMENT #nothing",
    "COMMENT # HELP",
  ]);
  f("# HELP a some \\\\ text\\n\n", ["HELP a some \\ text\n"]);
  f('# HELP a say \\"x\\"\n', ['HELP a say \\"x\\"']);
  f("# TYPE a untyped\na 1", ["TYPE a unknown", "a 1"]);
  f('# TYPE "a.b" gauge\n', ["TYPE a.b gauge"]);
  f('# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 2', [
    "TYPE a histogram",
    'a_bucket{le="1.0"} 2',
    'a_bucket{le="+Inf"} 2',
  ]);
  f('# TYPE a summary\na{quantile="0.50"} 2\nb{le="1"} 1', [
    "TYPE a summary",
    'a{quantile="0.5"} 2',
    'b{le="1"} 1',
  ]);
});

describe("ExpositionParser, OpenMetrics", () => {
  const f = (body: string, want: string[]): void =>
    it(JSON.stringify(body), () => expect(entries(body, "openmetrics")).toEqual(want));

  f("# EOF", []);
  f("# EOF\n", []);
  f("a 1\n# EOF\n", ["a 1"]);
  f("a 1 1.5\n# EOF", ["a 1 @1500"]);
  f("a 1 -0.0001\n# EOF", ["a 1 @0"]);
  f('# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x \\"y\\"\n# EOF', [
    "TYPE a_seconds counter",
    "UNIT a_seconds seconds",
    'HELP a_seconds x "y"',
  ]);
  f('a_total{b="c"} 1 # {id="7"} 0.5\n# EOF', ['a_total{b="c"} 1 # id|7 0.5']);
  f('a_total 1 2 # {id="7"} 0.5 1.25\na_created 7\n# EOF', [
    "a_total 1 @2000 # id|7 0.5 @1250",
    "a_created 7",
  ]);
  f("# TYPE a stateset\n# EOF", ["TYPE a stateset"]);
});

describe("ExpositionParser refuses", () => {
  const f = (body: string, want: string, format: ExpositionFormat = "text"): void =>
    it(`${format} ${JSON.stringify(body)}`, () =>
      expect(() => entries(body, format)).toThrow(want));

  f("a", "line 1, offset 1: want a value, got the end");
  f("a 1\nb x\n", 'line 2, offset 6: want a value, got "x"');
  f("a 1 x\n", "line 1, offset 4: want a timestamp or the end of the line");
  f("a 1 -5\n", "want a timestamp or the end of the line");
  f("a 0x1p4", "want a value");
  f("a 1_000", "want a value");
  f("a 1e999", "want a value");
  f("0a 1", "want a metric name");
  f('a{b="c" 1', "the labels do not end");
  f('a{b="c} 1', "the string does not end");
  f('a{b:c="d"} 1', "want = after the label name");
  f('a{b="1",b="2"} 1', 'label "b" occurs twice');
  f('{b="1"} 1', "no metric name");
  f('a{"b"} 1', "a second metric name");
  f("a{b=c} 1", "want a label value in quotes");
  f("# TYPE a thing\n", "want a metric type");
  f("# TYPE a constructor\n", "want a metric type");
  f("\0a 1", "want a metric name");
  f("a 1\n", "does not end with # EOF", "openmetrics");
  f("a 1", "does not end with # EOF", "openmetrics");
  f("# EOF\na 1\n", "unexpected data after # EOF", "openmetrics");
  f("\na 1\n# EOF", "want a metric name", "openmetrics");
  f("a  1\n# EOF", "want a value", "openmetrics");
  f("#comment\n# EOF", "want TYPE, HELP, UNIT or EOF", "openmetrics");
  f("# UNIT a_bytes seconds\n# EOF", 'unit "seconds" is no suffix', "openmetrics");
  f("# TYPE a untyped\n# EOF", "want a metric type", "openmetrics");
  f('a{b="c" d="e"} 1\n# EOF', "want a comma or a closing brace", "openmetrics");

  it("label values that are no UTF-8", () => {
    const body = Buffer.from('a{b="x"} 1');
    body[5] = 0xff;
    expect(() => entries(body)).toThrow("not valid UTF-8");
  });
});

describe("ExpositionParser on broken bytes", () => {
  const texts: [string, ExpositionFormat][] = [
    [
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1",x="y\\n"} 5 123\n{"q.r",s="t"} 1e-7\n',
      "text",
    ],
    [
      '# TYPE a counter\n# UNIT a_s s\n# HELP a c\na_total{b="c"} 1 2.5 # {i="7"} 0.5 1\n# EOF\n',
      "openmetrics",
    ],
  ];
  const survives = (bytes: Uint8Array, format: ExpositionFormat): void => {
    try {
      entries(bytes, format);
    } catch (error) {
      expect((error as { code?: string }).code).toBe("bad_data");
    }
  };
  for (const [text, format] of texts) {
    it(`ends on every prefix and every changed byte, ${format}`, () => {
      const whole = Buffer.from(text);
      for (let i = 0; i <= whole.length; i++) survives(whole.subarray(0, i), format);
      for (let i = 0; i < whole.length; i++) {
        for (const byte of [0, 9, 10, 32, 34, 35, 44, 61, 92, 123, 125, 200, 255]) {
          const copy = Buffer.from(whole);
          copy[i] = byte;
          survives(copy, format);
        }
      }
    });
  }
  it("ends on arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, om) =>
        survives(bytes, om ? "openmetrics" : "text"),
      ),
    );
  });
});

describe("FloatReader", () => {
  const read = (text: string): number | undefined => {
    const reader = new FloatReader();
    const bytes = Buffer.from(`x${text} y`);
    const ok = reader.read(bytes, 1, bytes.length);
    expect(reader.end).toBe(bytes.length - 2);
    return ok ? reader.value : undefined;
  };
  it("reads what the plain reader reads, to the bit", () => {
    const same = (text: string): void => {
      const got = read(text);
      expect(got, text).toBe(parseFloatText(text));
      expect(Object.is(got, -0)).toBe(Object.is(parseFloatText(text), -0));
    };
    fc.assert(fc.property(fc.double({ noNaN: true }), (value) => same(String(value))));
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(30), fc.integer({ min: -40, max: 40 }), (whole, cut, e) => {
        const digits = String(whole);
        same(`${digits.slice(0, cut + 1)}.${digits.slice(cut + 1)}e${e}`);
      }),
    );
    for (const text of [
      "+Inf",
      "-Inf",
      "nan",
      "1.",
      ".5",
      "-0",
      "",
      "-",
      "1e",
      "1e+",
      "e5",
      "+.5",
    ]) {
      same(text);
    }
  });
});

test("formatOpenMetricsFloat writes as Go does", () => {
  const f = (value: number, want: string): void => expect(formatOpenMetricsFloat(value)).toBe(want);
  f(1, "1.0");
  f(0.005, "0.005");
  f(100000, "100000.0");
  f(1e6, "1e+06");
  f(17560473, "1.7560473e+07");
  f(0.0001, "0.0001");
  f(0.00001, "1e-05");
  f(-2.5, "-2.5");
  f(Infinity, "+Inf");
});

test("negotiateFormat takes the media type, else the fallback", () => {
  expect(negotiateFormat("text/plain; version=0.0.4")).toMatchObject({ format: "text" });
  expect(negotiateFormat("application/openmetrics-text;version=1.0.0").format).toBe("openmetrics");
  expect(negotiateFormat("", "text").warning).toContain("blank");
  expect(() => negotiateFormat("text/html")).toThrow('unsupported Content-Type "text/html"');
});

const folder = upstream("textparse");
describe.skipIf(folder === undefined)("ExpositionParser on Prometheus's files", () => {
  const files: [string, ExpositionFormat][] = [
    ["alltypes.237mfs.prom.txt", "text"],
    ["alltypes.237mfs.nometa.prom.txt", "text"],
    ["alltypes.5mfs.om.txt", "openmetrics"],
    ["1histogram.om.txt", "openmetrics"],
  ];
  for (const [name, format] of files) {
    it(name, () => {
      const text = readFileSync(`${folder}/${name}`, "utf8");
      const body = format === "openmetrics" && !text.includes("# EOF") ? `${text}# EOF\n` : text;
      const got = entries(body, format).filter((line) => !/^(TYPE|HELP|UNIT|COMMENT) /.test(line));
      const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      expect(got.length).toBe(lines.length);
      // The plain reading of a line: everything up to the last blank is the series.
      for (let i = 0; i < lines.length; i++) {
        const value = lines[i]!.split(" # ")[0]!
          .replace(/\{.*\}/, "")
          .split(" ")[1]!;
        expect(
          got[i]!.split(" # ")[0]!
            .replace(/\{.*\}/, "")
            .split(" ")[1],
        ).toBe(String(parseFloatText(value)));
      }
    });
  }
});
