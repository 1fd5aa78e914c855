import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { peersRequired } from "./peers.ts";

const run = promisify(execFile);
const RECIPE = join(import.meta.dirname, "s3");
/** Debian's place for the code of python3-swift. */
const SWIFT = "/usr/lib/python3/dist-packages/swift/common/middleware/s3api";

/** An S3 server that a test may use; `stop` ends it if it was started for the test. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** A bucket of the test's own; it may have to be made. */
  readonly bucket: string;
  stop(): Promise<void>;
}

/** True if `startS3` can give a server; throws where peers are required and it cannot. */
export function hasS3(): boolean {
  if (process.env["NARTHEX_S3_ENDPOINT"] || existsSync(SWIFT)) return true;
  if (peersRequired()) throw new Error("peer python3-swift is missing; npm run peers installs it");
  return false;
}

/**
 * The S3 server that `NARTHEX_S3_ENDPOINT` names, or a fresh one on a free port of 127.0.0.1
 * (takes 3 to 5 s).
 */
export async function startS3(): Promise<S3Server> {
  const env = process.env;
  const bucket = env["NARTHEX_S3_BUCKET"] ?? `narthex-test-${randomBytes(4).toString("hex")}`;
  if (env["NARTHEX_S3_ENDPOINT"]) {
    return {
      endpoint: env["NARTHEX_S3_ENDPOINT"],
      accessKey: env["NARTHEX_S3_ACCESS_KEY"] ?? "",
      secretKey: env["NARTHEX_S3_SECRET_KEY"] ?? "",
      region: env["NARTHEX_S3_REGION"] ?? "us-east-1",
      bucket,
      stop: async () => undefined,
    };
  }
  const { stdout } = await run("sh", [join(RECIPE, "start.sh")]);
  const values = new Map<string, string>();
  for (const [, name, value] of stdout.matchAll(/^(\w+)='(.*)'$/gm)) values.set(name!, value!);
  const value = (name: string): string => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`start.sh printed no ${name}: ${stdout}`);
    return found;
  };
  return {
    endpoint: value("S3_ENDPOINT"),
    accessKey: value("S3_ACCESS_KEY"),
    secretKey: value("S3_SECRET_KEY"),
    region: value("S3_REGION"),
    bucket,
    stop: async () => {
      await run("sh", [join(RECIPE, "stop.sh"), value("S3_TEST_DIR")]);
    },
  };
}
