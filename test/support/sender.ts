import { compressSync } from "snappy";
import { formatLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";

/** One sample that was sent. */
export interface SentSample {
  readonly labels: Labels;
  readonly t: number;
  readonly value: number;
  /** The line by which `promtool tsdb dump` shows it. */
  readonly dumpLine: string;
}

/** Sends scrapes of made-up series and remembers what was acknowledged. */
export class SampleSender {
  /** Samples of requests that were answered 2xx, in the order sent. */
  readonly acknowledged: SentSample[] = [];
  /** Samples of requests that got another answer, or none. */
  unacknowledged = 0;
  /** Status and text of the last answer that was no 2xx. */
  lastRefusal = "";
  readonly #url: string;
  readonly #random: () => number;
  readonly #labels: Labels[];
  #t: number;
  readonly #stepMs: number;

  constructor(options: {
    url: string;
    seed: number;
    series: number;
    startMs?: number;
    stepMs?: number;
  }) {
    this.#url = options.url;
    this.#random = seededRandom(options.seed);
    this.#t = options.startMs ?? Date.now() - 3_600_000;
    this.#stepMs = options.stepMs ?? 15_000;
    this.#labels = Array.from({ length: options.series }, (_, i) =>
      labelsFromObject({
        __name__: `sent_metric_${i % 7}`,
        instance: `host-${i}`,
        job: `job "${i % 3}"`,
        path: `/é/${i % 5}`,
      }),
    );
  }

  /** Sends one scrape of all series in a few requests. */
  async send(): Promise<void> {
    this.#t += this.#stepMs + Math.floor(this.#random() * 20);
    let batch: SentSample[] = [];
    for (const [i, labels] of this.#labels.entries()) {
      batch.push(this.#sample(labels));
      if (batch.length === 97 || i === this.#labels.length - 1) {
        await this.#post(batch);
        batch = [];
      }
    }
  }

  #sample(labels: Labels): SentSample {
    const pick = this.#random();
    const value =
      pick < 0.4
        ? Math.floor(pick * 1000)
        : pick < 0.9
          ? pick * 1e3 - 500
          : pick < 0.95
            ? Number.POSITIVE_INFINITY
            : 0;
    const t = this.#t;
    return { labels, t, value, dumpLine: `${formatLabels(labels)} ${formatFloatG(value)} ${t}` };
  }

  async #post(batch: readonly SentSample[]): Promise<void> {
    const builder = new WriteRequestBuilder();
    const bits = new DataView(new ArrayBuffer(8));
    for (const { labels, t, value } of batch) {
      bits.setFloat64(0, value);
      builder.sample(labels, t, bits.getUint32(0), bits.getUint32(4));
    }
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        body: new Uint8Array(compressSync(Buffer.from(builder.view())) as Buffer),
        headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
      });
      const text = await response.text();
      if (!response.ok) this.lastRefusal = `${response.status} ${text}`;
      if (!response.ok) throw new Error(this.lastRefusal);
      this.acknowledged.push(...batch);
    } catch {
      this.unacknowledged += batch.length;
    }
  }
}
