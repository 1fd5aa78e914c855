import { expect, test } from "vitest";
import { runScript } from "../promqltest/runner.ts";

const DATA = `
load 1m
    h{a="1"} {{count:3 sum:5 buckets:[1 2]}}+{{count:3 sum:5 buckets:[1 2]}}x3
    f 0+1x3
`;

/** Runs one evaluation over `DATA`; what is wrong with it. */
async function problemOf(evaluation: string): Promise<string | undefined> {
  const { passed, failures } = await runScript(`${DATA}\n${evaluation}`);
  expect(passed + failures.length).toBe(1);
  return failures[0]?.reason;
}

test("runScript passes what is as expected", async () => {
  const f = async (evaluation: string) => expect(await problemOf(evaluation)).toBeUndefined();
  await f('eval instant at 1m h\n h{a="1"} {{count:6 sum:10 buckets:[2 4]}}');
  await f(
    'eval instant at 1m h\n h{a="1"} {{count:6 sum:10 buckets:[2 4 0] counter_reset_hint:not_reset}}',
  );
  await f(
    'eval range from 0 to 2m step 2m h\n h{a="1"} {{count:3 sum:5 buckets:[1 2]}} {{count:9 sum:15 buckets:[3 6]}}',
  );
  await f(
    'eval instant at 2m h[1m]\n expect range vector from 2m to 2m step 1m\n h{a="1"} {{count:9 sum:15 buckets:[3 6]}}',
  );
  await f("eval instant at 1m h + on() f\n expect info regex: incompatible sample types");
  await f('eval instant at 1m ("it")\n expect string "it"');
  await f('eval instant at 1m label_replace(f, "a b", "", "", "(")\n expect fail');
  await f('eval_fail instant at 1m f + on() {__name__=~"f|h"}');
  await f("eval instant at 1m 0x10\n 16");
});

test("runScript fails what is not", async () => {
  const f = async (evaluation: string, want: RegExp) =>
    expect(await problemOf(evaluation)).toMatch(want);
  const at = "eval instant at 1m h\n";
  await f(
    `${at} h{a="1"} {{count:6 sum:10 buckets:[2 5]}}`,
    /want \{\{count:6 sum:10 buckets:\[2 5\]/,
  );
  await f(`${at} h{a="1"} {{count:6 sum:10.1 buckets:[2 4]}}`, /want/);
  await f(`${at} h{a="1"} {{schema:1 count:6 sum:10 buckets:[2 4]}}`, /want/);
  await f(`${at} h{a="1"} {{count:6 sum:10 offset:1 buckets:[2 4]}}`, /want/);
  await f(`${at} h{a="1"} {{count:6 sum:10 buckets:[2 4] counter_reset_hint:gauge}}`, /want/);
  await f(`${at} h{a="1"} 6`, /want 6/);
  await f(`${at} h{a="2"} {{count:6 sum:10 buckets:[2 4]}}`, /unexpected h/);
  await f(at, /unexpected h/);
  await f("eval instant at 1m f\n f {{}}", /want \{\{\}\}/);
  await f("eval instant at 1m f\n f 1\n h 1", /missing h/);
  await f("eval range from 0 to 2m step 1m f\n f 0 1", /want 2 points/);
  await f("eval range from 0 to 1m step 1m f\n f 0 1 2", /more than the time range/);
  await f("eval instant at 1m f[1m]\n f 1", /more than the time range/);
  await f("eval instant at 1m h + on() f\n expect no_info", /unexpected info/);
  await f("eval instant at 1m f\n expect warn\n f 1", /no warn/);
  await f("eval instant at 1m f\n expect fail", /no error/);
  await f("eval instant at 1m f +\n expect fail", /parse/);
  await f('eval instant at 1m ("it")\n expect string "that"', /string "it"/);
});

test("runScript refuses scripts that cannot be read", async () => {
  const f = async (script: string, want: RegExp) => {
    const { passed, failures } = await runScript(script);
    expect(passed).toBe(0);
    expect(failures).toHaveLength(1);
    expect(failures[0]!.reason).toMatch(want);
  };
  await f("load 1m\n m@st 1s 1s\n m 1", /@st line has 2 values but sample line has 1/);
  await f("load 1m\n m@st 1s\n n 1", /does not match/);
  await f("load 1m\n m@st 1s\n", /no following sample line/);
  await f("load 1m\n m@st 1s+1s\n m 1", /expected 'x<count>'/);
  await f("load 1m\n m {{schema:9}}", /invalid schema/);
  await f('load_with_nhcb 1m\n m_bucket{le="1"} 2\n m_bucket{le="2"} 1', /not cumulative/);
  await f("load_twice 1m\n m 1", /invalid load/);
  await f("eval instant at 1m f\n f 1 2", /multiple values/);
  await f("eval instant at 1m f\n expect info\n expect no_info", /cannot be used together/);
  await f("eval instant at 1m f\n expect nothing", /invalid expect/);
  await f("eval range from 2m to 1m step 1m f", /end is before start/);
  await f("sing 1m", /invalid command/);
});
