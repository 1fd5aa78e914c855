import { compressSync } from "snappy";
import { type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";

/** A load of `series` series, scraped `scrapes` times. */
export interface LoadSpec {
  readonly series: number;
  readonly scrapes: number;
  readonly intervalMs: number;
  /** Time of the last scrape, ms. */
  readonly endMs: number;
  readonly seed: number;
  readonly samplesPerRequest: number;
  /** The name of all series; without one they have 150 different ones. */
  readonly metric?: string;
}

/** Kinds of value, in equal parts: counters, gauges that wander, gauges that rarely move. */
const KINDS = 3;

/**
 * Series as a fleet of services exposes them: about 270 bytes of labels each; 100 instances a job,
 * metric names shared by all instances.
 */
export class Load {
  readonly spec: LoadSpec;
  readonly #labels: Labels[] = [];
  readonly #values: Float64Array;
  readonly #random: () => number;
  #scrape = 0;

  constructor(spec: LoadSpec) {
    this.spec = spec;
    this.#random = seededRandom(spec.seed);
    this.#values = new Float64Array(spec.series);
    for (let i = 0; i < spec.series; i++) {
      this.#labels.push(seriesLabels(i, spec.metric));
      this.#values[i] = Math.floor(this.#random() * 1e6);
    }
  }

  /** Time of scrape `i`, ms. */
  timeOf(scrape: number): number {
    return this.spec.endMs - (this.spec.scrapes - 1 - scrape) * this.spec.intervalMs;
  }

  /** The next scrape as compressed request bodies. */
  *nextScrape(): Generator<Buffer> {
    const t = this.timeOf(this.#scrape++);
    const builder = new WriteRequestBuilder();
    const bits = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < this.spec.series; i++) {
      this.#step(i);
      bits.setFloat64(0, this.#values[i] as number);
      builder.sample(this.#labels[i] as Labels, t, bits.getUint32(0), bits.getUint32(4));
      if (builder.sampleCount === this.spec.samplesPerRequest || i === this.spec.series - 1) {
        yield compressSync(Buffer.from(builder.view())) as Buffer;
        builder.clear();
      }
    }
  }

  #step(i: number): void {
    const random = this.#random();
    const value = this.#values[i] as number;
    if (i % KINDS === 0) this.#values[i] = value + Math.floor(random * 100);
    else if (i % KINDS === 1) this.#values[i] = value + (random - 0.5) * 10;
    else if (random < 0.05) this.#values[i] = Math.floor(random * 1e4);
  }
}

/** The labels of series `i` of a load. */
export function seriesLabels(i: number, name: string | undefined): Labels {
  const metric = Math.floor(i / 100) % 50;
  const instance = i % 100;
  const job = Math.floor(i / 5000);
  return labelsFromObject({
    __name__:
      name ?? `bench_service_${["requests_total", "memory_bytes", "state"][i % KINDS]}_${metric}`,
    cluster: "production-eu-west-1",
    container: `application-${job % 7}`,
    endpoint: "http-metrics",
    instance: `10.${job % 250}.${Math.floor(instance / 10)}.${instance}:9090`,
    job: `team-${job % 11}/service-${job}`,
    namespace: `namespace-${job % 13}-production`,
    node: `ip-10-${job % 250}-${instance}.eu-west-1.compute.internal`,
    pod: `service-${job}-6f7d9c5b8-${(i * 7919).toString(36).padStart(5, "0").slice(-5)}`,
    service: `service-${job}`,
    status: String(200 + (metric % 5)),
  });
}
