import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { messageOf } from "#pkg/errs/mod.ts";
import { upstream } from "../../../test/peers/peers.ts";
import { loadAgentConfig, parseAgentConfig } from "./load.ts";

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return messageOf(error);
  }
  return "";
};
const parsed = (yaml: string) => parseAgentConfig(yaml, { env: { TEST: "env" } });

const folder = upstream("config");
describe.skipIf(folder === undefined)("Prometheus's configuration files", () => {
  const names = folder === undefined ? [] : readdirSync(folder);
  it("bad ones are refused with a reason", async () => {
    const accepted: string[] = [];
    for (const name of names.filter((file) => file.endsWith(".bad.yml"))) {
      const reason = await refusal(loadAgentConfig(`${folder}/${name}`));
      if (reason.length < 10) accepted.push(name);
    }
    expect(accepted).toEqual([]);
  });
  it("good ones are accepted but for what is not supported", async () => {
    const refused: Record<string, string> = {};
    for (const name of names.filter((file) => file.endsWith(".good.yml"))) {
      const reason = await refusal(loadAgentConfig(`${folder}/${name}`));
      if (reason !== "") refused[name] = reason;
    }
    console.log(refused);
  });
});
