// How long each hostile pattern takes over 10,000 hostile values: `node --import tsx` this file.
import { compilePattern } from "./mod.ts";
import { hostileValues, REDOS_PATTERNS } from "./redos-patterns.ts";

const VALUES = 10_000;

/** Milliseconds per pattern for all values, the compilation included, slowest first. */
function measure(): { readonly pattern: string; readonly ms: number }[] {
  const lengths = [30, 60, 100, 150, 200];
  const values = lengths.flatMap((length) => hostileValues(VALUES / lengths.length - 1, length));
  values.push(...hostileValues(lengths.length, 10_000));
  const out = REDOS_PATTERNS.map((pattern) => {
    const from = process.cpuUsage();
    const compiled = compilePattern(pattern);
    for (const value of values) compiled.matches(value);
    // Processor time: what else runs on the machine does not count.
    const { user, system } = process.cpuUsage(from);
    return { pattern, ms: (user + system) / 1000 };
  });
  return out.sort((a, b) => b.ms - a.ms);
}

const results = measure();
for (const { pattern, ms } of results.slice(0, 10)) {
  process.stdout.write(`${ms.toFixed(1).padStart(8)} ms  ${pattern}\n`);
}
process.stdout.write(`${REDOS_PATTERNS.length} patterns, ${VALUES} values each\n`);
