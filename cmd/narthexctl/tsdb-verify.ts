import { type BlockProblem, type BlockReport, verifyBlock } from "#pkg/block/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import type { Io } from "./io.ts";
import { formatBytes } from "./progress.ts";
import { blockSources, type SourceOptions } from "./sources.ts";

/** Which blocks are verified, and how it is told. */
export interface VerifyOptions extends SourceOptions {
  /** Only this block. */
  readonly block?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `tsdb verify`: reads all of every block; true if all are sound. */
export async function verifyBlocks(
  dir: string | undefined,
  options: VerifyOptions,
  io: Io,
): Promise<boolean> {
  const sources = (await blockSources(dir, options, io)).filter(
    ({ id }) => options.block === undefined || id === options.block,
  );
  const damaged: string[] = [];
  for (const [i, source] of sources.entries()) {
    const report = await verifyOne(source, `${i + 1}/${sources.length} ${source.id}`, options, io);
    if (report.problemCount > 0) damaged.push(source.id);
    await (options.json ? io.out(`${JSON.stringify(report)}\n`) : print(report, options, io));
  }
  if (!options.json && damaged.length > 0) {
    await io.out(`${damaged.length} of ${sources.length} blocks are damaged:\n`);
    for (const id of damaged) await io.out(`  ${id}\n`);
  }
  return damaged.length === 0;
}

async function verifyOne(
  source: Awaited<ReturnType<typeof blockSources>>[number],
  label: string,
  options: VerifyOptions,
  io: Io,
): Promise<BlockReport> {
  if (!options.quiet) io.progress.start(label, "B");
  try {
    const files = await source.open();
    try {
      return await verifyBlock(files, {
        signal: io.signal,
        ...(options.quiet ? {} : { onProgress: io.progress.update }),
      });
    } finally {
      await files.close();
    }
  } catch (error) {
    io.signal.throwIfAborted();
    // One block that cannot be reached does not keep the others from being looked at.
    const problems: BlockProblem[] = [{ file: "", offset: undefined, message: messageOf(error) }];
    const counts = { series: 0, chunks: 0, samples: 0, bytes: 0 };
    return { id: source.id, path: source.path, problems, problemCount: 1, ...counts };
  } finally {
    io.progress.stop();
  }
}

async function print(report: BlockReport, options: VerifyOptions, io: Io): Promise<void> {
  const { path, problems, problemCount, series, chunks, samples, bytes } = report;
  if (problemCount === 0) {
    if (options.quiet) return;
    const counts = `${series} series, ${chunks} chunks, ${samples} samples, ${formatBytes(bytes)}`;
    await io.out(`${path}: ok (${counts})\n`);
    return;
  }
  await io.out(`${path}: ${problemCount} ${problemCount === 1 ? "problem" : "problems"}\n`);
  for (const { file, offset, message } of problems) {
    const place = offset === undefined ? file : `${file} at offset ${offset}`;
    await io.out(`  ${place === "" ? "" : `${place}: `}${message}\n`);
  }
  const more = problemCount - problems.length;
  if (more > 0) await io.out(`  … and ${more} more\n`);
}
