import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSeries, labelsFromObject } from "#pkg/labels/mod.ts";
import { DEFAULT_RELABEL, type RelabelConfig, Relabeller } from "#pkg/relabel/mod.ts";
import { decodeLabels } from "#pkg/remotewrite/mod.ts";
import { selfScrapeConfig } from "../config/load.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import { ScrapeAppender, type ScrapeCounts } from "./appender.ts";
import { STALE_HI, STALE_LO } from "./batch.ts";
import { MetadataStore } from "./metadata.ts";
import { SampleLabels } from "./sample-labels.ts";

class Scrapes {
  readonly appender: ScrapeAppender;
  readonly metadata = new MetadataStore();
  counts: ScrapeCounts = { total: 0, added: 0, seriesAdded: 0, duplicates: 0, outOfOrder: 0 };

  constructor(config: Partial<ScrapeConfig> = {}, rules: Partial<RelabelConfig>[] = []) {
    const base = selfScrapeConfig("localhost", 15_000).scrapeConfigs[0]!;
    const full = { ...base, ...config };
    const target = labelsFromObject({ job: "j" });
    const relabeller = new Relabeller(rules.map((rule) => ({ ...DEFAULT_RELABEL, ...rule })));
    const labels = new SampleLabels(target, full, relabeller);
    this.appender = new ScrapeAppender(full, labels, this.metadata);
  }

  /** One scrape; what it appended, a sample a line. */
  scrape(text: string, timestampMs: number): string[] {
    this.counts = { total: 0, added: 0, seriesAdded: 0, duplicates: 0, outOfOrder: 0 };
    const bytes = Buffer.from(text);
    const body = { bytes, start: 0, end: bytes.length };
    this.appender.append(body, "text", timestampMs, this.counts);
    return this.lines();
  }

  fail(timestampMs: number): string[] {
    this.appender.appendNothing(timestampMs);
    return this.lines();
  }

  lines(): string[] {
    const { batch, cache } = this.appender;
    const out: string[] = [];
    for (let i = 0; i < batch.count; i++) {
      const { arena, start } = cache.series;
      const series = batch.series[i]!;
      const { labels } = decodeLabels(arena, start[series]!, start[series + 1]!);
      const [hi, lo] = [batch.hi[i]!, batch.lo[i]!];
      const stale = hi === STALE_HI && lo === STALE_LO;
      const value = stale ? "stale" : new Float64Array(Uint32Array.of(lo, hi).buffer)[0];
      out.push(`${formatSeries(labels)} ${value} @${batch.timestamps[i]}`);
    }
    return out;
  }
}

describe("ScrapeAppender", () => {
  it("adds target labels and moves what is in their way", () => {
    const scrapes = new Scrapes();
    expect(scrapes.scrape('a{job="x",exported_job="y"} 1\nb 2', 1000)).toEqual([
      'a{exported_exported_job="x", exported_job="y", job="j"} 1 @1000',
      'b{job="j"} 2 @1000',
    ]);
    expect(scrapes.counts).toMatchObject({ total: 2, added: 2, seriesAdded: 2 });
    scrapes.scrape('a{job="x",exported_job="y"} 1\nb 2', 2000);
    expect(scrapes.counts.seriesAdded).toBe(0);
  });

  it("honors labels where told to", () => {
    const scrapes = new Scrapes({ honorLabels: true });
    expect(scrapes.scrape('a{job="x"} 1\nb 2', 1000)).toEqual([
      'a{job="x"} 1 @1000',
      'b{job="j"} 2 @1000',
    ]);
  });

  it("marks series stale that are gone, once, and takes them up again", () => {
    const scrapes = new Scrapes();
    scrapes.scrape("a 1\nb 2", 1000);
    expect(scrapes.scrape("a 3", 2000)).toEqual(['a{job="j"} 3 @2000', 'b{job="j"} stale @2000']);
    expect(scrapes.scrape("a 4", 3000)).toEqual(['a{job="j"} 4 @3000']);
    expect(scrapes.scrape("a 5\nb 6", 4000)).toEqual(['a{job="j"} 5 @4000', 'b{job="j"} 6 @4000']);
  });

  it("marks all stale when a scrape fails", () => {
    const scrapes = new Scrapes();
    scrapes.scrape("a 1\nb 2", 1000);
    expect(scrapes.fail(2000)).toEqual(['a{job="j"} stale @2000', 'b{job="j"} stale @2000']);
    expect(scrapes.fail(3000)).toEqual([]);
  });

  it("takes back a scrape that breaks off, and marks all stale then", () => {
    const scrapes = new Scrapes();
    scrapes.scrape("a 1\nb 2", 1000);
    expect(() => scrapes.scrape("a 3\nb x", 2000)).toThrow("line 2");
    expect(scrapes.lines()).toEqual([]);
    expect(scrapes.fail(2000)).toEqual(['a{job="j"} stale @2000', 'b{job="j"} stale @2000']);
  });

  it("writes no marker for a series written another way, nor for explicit timestamps", () => {
    const scrapes = new Scrapes();
    scrapes.scrape('a{b="1",c="2"} 1\nd 1 500', 1000);
    expect(scrapes.scrape('a{c="2",b="1"} 2', 2000)).toEqual(['a{b="1", c="2", job="j"} 2 @2000']);
  });

  it("tracks explicit timestamps where told to", () => {
    const scrapes = new Scrapes({ trackTimestampsStaleness: true });
    scrapes.scrape("d 1 500", 1000);
    expect(scrapes.scrape("", 2000)).toEqual(['d{job="j"} stale @2000']);
  });

  it("ignores explicit timestamps where told to", () => {
    const scrapes = new Scrapes({ honorTimestamps: false });
    expect(scrapes.scrape("d 1 500", 1000)).toEqual(['d{job="j"} 1 @1000']);
  });

  it("drops second samples and old ones, and says so", () => {
    const scrapes = new Scrapes();
    expect(scrapes.scrape("a 1\na 2", 1000)).toEqual(['a{job="j"} 1 @1000']);
    expect(scrapes.counts).toMatchObject({ added: 2, duplicates: 1, outOfOrder: 0 });
    expect(scrapes.scrape("a 1 900\nb 1 900", 2000)).toHaveLength(2);
    expect(scrapes.counts).toMatchObject({ duplicates: 0, outOfOrder: 1 });
    expect(scrapes.scrape("b 1 900", 3000)).toEqual([]);
    expect(scrapes.counts).toMatchObject({ duplicates: 0, outOfOrder: 0 });
  });

  it("knows two entries that relabelling makes one series", () => {
    const scrapes = new Scrapes({}, [{ action: "labeldrop", regex: "b" }]);
    expect(scrapes.scrape('a{b="1"} 1\na{b="2"} 2', 1000)).toEqual(['a{job="j"} 1 @1000']);
    expect(scrapes.counts.duplicates).toBe(1);
    expect(scrapes.scrape('a{b="2"} 2', 2000)).toEqual(['a{job="j"} 2 @2000']);
  });

  it("counts what metric relabelling drops and keeps", () => {
    const drop: Partial<RelabelConfig> = {
      action: "drop",
      sourceLabels: ["__name__"],
      regex: "a.*",
    };
    const scrapes = new Scrapes({}, [drop]);
    for (const timestampMs of [1000, 2000]) {
      expect(scrapes.scrape("a1 1\na2 2\nb 3", timestampMs)).toHaveLength(1);
      expect(scrapes.counts).toMatchObject({ total: 3, added: 1 });
    }
  });

  it("writes NaN as a NaN that is no marker", () => {
    const scrapes = new Scrapes();
    expect(scrapes.scrape("a NaN", 1000)).toEqual(['a{job="j"} NaN @1000']);
    expect(scrapes.appender.batch.hi[0]).toBe(0x7ff80000);
    expect(scrapes.appender.batch.lo[0]).toBe(1);
  });

  it("fails at sample_limit with the counts of the whole body", () => {
    const drop: Partial<RelabelConfig> = { action: "drop", sourceLabels: ["__name__"], regex: "x" };
    const scrapes = new Scrapes({ sampleLimit: 2 }, [drop]);
    scrapes.scrape("a 1\nb 1\nx 1", 1000);
    expect(() => scrapes.scrape("a 1\nb 1\nc 1\nx 1\nd 1", 2000)).toThrow("sample_limit of 2");
    expect(scrapes.counts).toMatchObject({ total: 5, added: 4 });
    expect(scrapes.fail(2000)).toHaveLength(2);
  });

  it("fails at limits on labels and on names that are not valid", () => {
    const f = (config: Partial<ScrapeConfig>, text: string, want: string): void => {
      expect(() => new Scrapes(config).scrape(text, 1000)).toThrow(want);
    };
    f({ labelLimit: 2 }, 'a{b="c"} 1', "3 labels, label_limit is 2");
    f({ labelNameLengthLimit: 8 }, 'a{bcdefghij="c"} 1', "label_name_length_limit is 8");
    f({ labelValueLengthLimit: 4 }, 'a{b="cdefg"} 1', "has 5 bytes, label_value_length_limit is 4");
    f({ utf8Names: false }, '{"a.b"} 1', 'invalid name "__name__"');
    f({}, 'a{b="1",b="2"} 1', "occurs twice");
  });

  it("remembers types, helps and units", () => {
    const scrapes = new Scrapes();
    scrapes.scrape("# TYPE a counter\n# HELP a some text\na 1\n# TYPE b gauge\n", 1000);
    scrapes.scrape("# TYPE a counter\n# HELP a other text\na 1\n", 2000);
    expect([...scrapes.metadata.families()]).toEqual([
      { metric: "a", type: "counter", help: "other text", unit: "" },
      { metric: "b", type: "gauge", help: "", unit: "" },
    ]);
  });

  it("forgets series that came and went, and still marks the last ones stale", () => {
    const scrapes = new Scrapes();
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: 200 }, (_, i) => `a{pod="${round}-${i}"} ${i}`);
      const got = scrapes.scrape(`keep ${round}\n${lines.join("\n")}`, 1000 * (round + 1));
      expect(got.filter((line) => line.includes("stale"))).toHaveLength(round === 0 ? 0 : 200);
    }
    expect(scrapes.appender.cache.entries.count).toBeLessThan(2000);
    expect(scrapes.scrape("", 30_000).filter((line) => line.includes("stale"))).toHaveLength(201);
  });

  it("agrees with a plain model over random scrapes", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const body = fc.oneof(
      { weight: 5, arbitrary: fc.array(name, { maxLength: 6 }) },
      { weight: 1, arbitrary: fc.constant("broken" as const) },
    );
    fc.assert(
      fc.property(fc.array(body, { maxLength: 12 }), (bodies) => {
        const scrapes = new Scrapes();
        let before = new Set<string>();
        for (const [i, names] of bodies.entries()) {
          const ms = 1000 * (i + 1);
          const now = names === "broken" ? new Set<string>() : new Set(names);
          const gone = [...before].filter((one) => !now.has(one));
          let got: string[];
          if (names === "broken") {
            expect(() => scrapes.scrape("a 1\nb 1\n!", ms)).toThrow();
            got = scrapes.fail(ms);
          } else got = scrapes.scrape(names.map((one) => `${one} ${i}\n`).join(""), ms);
          const want = [
            ...[...now].map((one) => `${one}{job="j"} ${i} @${ms}`),
            ...gone.map((one) => `${one}{job="j"} stale @${ms}`),
          ];
          expect(got.sort()).toEqual(want.sort());
          before = now;
        }
      }),
    );
  });
});
