import { SingleBar } from "cli-progress";

/** Shows how far long work has come. */
export interface Progress {
  /** Begins a stretch of work; what was shown before is taken off. `unit` is `B` or a word. */
  start(label: string, unit: string): void;
  /** `done` of `total` units; a total of 0 is unknown. */
  update(done: number, total: number): void;
  /** Takes the bar off the terminal, so that other lines can be printed. */
  stop(): void;
}

/** Shows nothing. */
export const SILENT: Progress = {
  start: () => undefined,
  update: () => undefined,
  stop: () => undefined,
};

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `bytes` for people. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)}${UNITS[unit]}`;
}

/** A bar on `stream`, which is taken off when the work is done; silent where it is no terminal. */
export function terminalProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return SILENT;
  let bar: SingleBar | undefined;
  let unit = "";
  const amount = (n: number): string =>
    unit === "B" ? formatBytes(n) : `${n.toLocaleString("en")} ${unit}`;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(label, unitName) {
      stop();
      unit = unitName;
      bar = new SingleBar({
        stream,
        clearOnComplete: true,
        hideCursor: true,
        fps: 5,
        barsize: 30,
        format: `${label} [{bar}] {percentage}% | {amount} | {duration_formatted}, {eta_formatted} left`,
      });
      bar.start(1, 0, { amount: amount(0) });
    },
    update(done, total) {
      bar?.setTotal(Math.max(total, done, 1));
      bar?.update(done, {
        amount: total > 0 ? `${amount(done)} of ${amount(total)}` : amount(done),
      });
    },
    stop,
  };
}
