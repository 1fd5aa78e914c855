import type { FastifyInstance } from "fastify";
import { successJson } from "./json.ts";
import { Params } from "./params.ts";

/** Targets as Prometheus's API shows them. */
export interface TargetsApi {
  readonly activeTargets: readonly unknown[];
  readonly droppedTargets: readonly unknown[];
}

/** `/api/v1/targets` of a process with an agent; `targets` is undefined until the agent runs. */
export function targetRoutes(
  targets: () => TargetsApi | undefined,
): (server: FastifyInstance) => void {
  return (server) => {
    for (const prefix of ["/prometheus/api/v1", "/api/v1"]) {
      server.get(`${prefix}/targets`, async (request, reply) => {
        const { activeTargets, droppedTargets } = targets() ?? {
          activeTargets: [],
          droppedTargets: [],
        };
        const state = new Params(request.url).get("state");
        const body = {
          activeTargets: state === "dropped" ? [] : activeTargets,
          droppedTargets: state === "active" ? [] : droppedTargets,
        };
        return reply.type("application/json").send(successJson(body));
      });
    }
  };
}
