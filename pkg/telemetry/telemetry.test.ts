import { expect, test } from "vitest";
import { Counter, createTelemetry, forComponent, quietTelemetry } from "./mod.ts";

function capture(format: "json" | "pretty") {
  const lines: string[] = [];
  const telemetry = createTelemetry({
    logLevel: "info",
    component: "test",
    format,
    destination: { write: (line) => void lines.push(String(line)) },
    processMetrics: false,
  });
  return { lines, ...telemetry };
}

test("createTelemetry logs JSON lines with component and level by name", () => {
  const { log, lines } = capture("json");
  log.info({ tenant: "a" }, "block uploaded");
  log.debug("not shown");
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] as string) as Record<string, unknown>;
  expect(line).toMatchObject({
    level: "info",
    component: "test",
    tenant: "a",
    msg: "block uploaded",
  });
});

test("createTelemetry redacts secrets at the top and in nested objects", () => {
  const { log, lines } = capture("json");
  log.info(
    {
      password: "hunter2",
      headers: { authorization: "Bearer hunter2" },
      config: { s3: { secret_access_key: "hunter2", bucket: "b" } },
    },
    "config loaded",
  );
  expect(lines[0]).not.toContain("hunter2");
  expect(lines[0]).toContain('"bucket":"b"');
});

test("createTelemetry keeps code and cause of errors", () => {
  const { log, lines } = capture("json");
  log.warn({ err: new Error("outer", { cause: new Error("inner") }) }, "went wrong");
  expect(lines[0]).toContain("outer");
  expect(lines[0]).toContain("inner");
});

test("forComponent shares the registry and renames the component", () => {
  const telemetry = capture("json");
  const child = forComponent(telemetry, "ring");
  child.log.info("hello");
  expect(child.registry).toBe(telemetry.registry);
  expect(telemetry.lines[0]?.match(/"component":"[^"]*"/g)).toEqual(['"component":"ring"']);
});

test("two telemetries do not share metrics", async () => {
  const a = quietTelemetry();
  const b = quietTelemetry();
  const options = { name: "x_total", help: "x" };
  new Counter({ ...options, registers: [a.registry] }).inc();
  new Counter({ ...options, registers: [b.registry] });
  expect(await a.registry.metrics()).toContain("x_total 1");
  expect(await b.registry.metrics()).toContain("x_total 0");
});

test("process metrics include the lag of the event loop by quantile", async () => {
  const { registry } = createTelemetry({ logLevel: "silent", component: "test" });
  const text = await registry.metrics();
  expect(text).toMatch(/narthex_event_loop_lag_seconds\{quantile="0.99"\} [0-9.e-]+/);
  expect(text).toContain("process_cpu_seconds_total");
});
