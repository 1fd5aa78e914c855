import { join } from "node:path";
import { systemClock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { FilesystemBucket, openBucket as openNamed } from "#pkg/objstore/mod.ts";
import type { ChunkQuerier } from "#pkg/storage/mod.ts";
import { BucketStore } from "#pkg/store-gateway/mod.ts";
import { ANONYMOUS } from "#pkg/tenant/mod.ts";
import { SeriesReader } from "./series.ts";

/** A bucket of an S3 server. */
export interface S3Location {
  /** URL of the server. */
  readonly endpoint: string;
  readonly bucket: string;
  /** `us-east-1` where absent. */
  readonly region?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** False puts the bucket into the host's name. True where absent. */
  readonly pathStyle?: boolean;
}

/** Where blocks are: `dir` or `s3`. */
export interface BucketOptions {
  /** A folder: a data folder of Prometheus, or a bucket in a folder. */
  readonly dir?: string;
  readonly s3?: S3Location;
  /** Prefix of all keys. */
  readonly prefix?: string;
  /** To whom blocks at the root belong, as Thanos and Prometheus have them. `anonymous` if absent. */
  readonly rootTenant?: string;
  /** Memory for indexes. 256 MiB where absent. */
  readonly indexCacheBytes?: number;
}

/** A block of a bucket; samples have `mint <= t < maxt`, ms. */
export interface ListedBlock {
  readonly id: string;
  readonly mint: number;
  readonly maxt: number;
}

/** What a bucket of blocks rests on. */
interface Store {
  syncAll(signal?: AbortSignal): Promise<ReadonlyMap<string, unknown>>;
  tenants(): string[];
  blocks(tenant: string): Promise<readonly ListedBlock[]>;
  querier(tenant: string, blocks?: readonly string[]): ChunkQuerier;
}

/**
 * The blocks of all tenants in a bucket or folder, in the layouts of Prometheus, Thanos, Cortex,
 * Mimir and Narthex. Only reads. What is new is seen by `refresh`.
 */
export class BlockBucket {
  readonly #store: Store;
  readonly #close: () => Promise<void>;

  /** Made by `openBucket`. */
  constructor(store: Store, close: () => Promise<void>) {
    this.#store = store;
    this.#close = close;
  }

  /** Looks at the bucket again. Errors: those of the bucket. */
  async refresh(signal?: AbortSignal): Promise<void> {
    for (const error of (await this.#store.syncAll(signal)).values()) throw error;
  }

  /** Tenants that have blocks, in order. */
  tenants(): string[] {
    return this.#store.tenants().sort();
  }

  /** Blocks that answer for a tenant: marked for deletion or downsampled ones may be left out. */
  async blocks(tenant: string): Promise<readonly ListedBlock[]> {
    return this.#store.blocks(tenant);
  }

  /** The series of all blocks of a tenant, or of those named; samples of several blocks as one. */
  tenant(name: string, blocks?: readonly string[]): SeriesReader {
    return new SeriesReader(this.#store.querier(name, blocks));
  }

  /** Closes files and connections. */
  close(): Promise<void> {
    return this.#close();
  }
}

/**
 * Opens a bucket or folder and looks at its blocks. Nothing is written there. Errors: `bad_data` for
 * options that make no sense, `unavailable` and `unauthorized` from the server.
 */
export async function openBucket(options: BucketOptions): Promise<BlockBucket> {
  const { dir, s3 } = options;
  if ((dir === undefined) === (s3 === undefined)) {
    throw new NarthexError("bad_data", "open bucket: want either dir or s3");
  }
  const bucket = await openNamed(
    {
      backend: s3 ? "s3" : "filesystem",
      // A folder's prefix is a folder.
      prefix: s3 ? (options.prefix ?? "") : "",
      filesystem: { dir: join(dir ?? "", options.prefix ?? "") },
      s3: {
        endpoint: s3?.endpoint ?? "",
        bucket: s3?.bucket ?? "",
        region: s3?.region ?? "us-east-1",
        path_style: s3?.pathStyle ?? true,
        access_key_id: s3?.accessKeyId ?? "",
        secret_access_key: s3?.secretAccessKey ?? "",
      },
    },
    { clock: systemClock, defaultDir: ".", readOnly: true },
  );
  const cacheBytes = options.indexCacheBytes ?? 256 << 20;
  const store = new BucketStore({
    bucket,
    clock: systemClock,
    isLocal: !s3,
    rootTenant: options.rootTenant ?? ANONYMOUS,
    headerBytesMax: cacheBytes / 2,
    cacheBytesMax: cacheBytes / 2,
  });
  const opened = new BlockBucket(store, async () => {
    // Connections to a server are let go of by themselves.
    if (bucket instanceof FilesystemBucket) await bucket.close();
  });
  await opened.refresh();
  return opened;
}
