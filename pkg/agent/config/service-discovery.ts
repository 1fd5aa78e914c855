import { z } from "zod";
import { duration, entry, list, mapping, text, unsupported } from "./fields.ts";

/** Targets that belong together and the labels they share. */
export interface TargetGroup {
  /** Where the group comes from: `file:index` or the position in the configuration. */
  readonly source: string;
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Target groups in files that may change while the agent runs. */
export interface FileDiscoveryConfig {
  /** Paths; the last part may have one `*`. */
  readonly files: readonly string[];
  readonly refreshIntervalMs: number;
}

/** What Prometheus can discover targets with and this version cannot. */
const OTHER_KINDS = [
  "aws",
  "azure",
  "consul",
  "digitalocean",
  "dns",
  "docker",
  "dockerswarm",
  "ec2",
  "ecs",
  "elasticache",
  "eureka",
  "gce",
  "hetzner",
  "http",
  "ionos",
  "kubernetes",
  "kuma",
  "lightsail",
  "linode",
  "marathon",
  "msk",
  "nerve",
  "nomad",
  "oci",
  "openstack",
  "outscale",
  "ovhcloud",
  "puppetdb",
  "rds",
  "scaleway",
  "serverset",
  "stackit",
  "triton",
  "uyuni",
  "vultr",
] as const;

const unsupportedKinds = Object.fromEntries(
  OTHER_KINDS.map((kind) => [
    `${kind}_sd_configs`,
    unsupported(`service discovery "${kind}" is not supported by this version`),
  ]),
) as Record<`${(typeof OTHER_KINDS)[number]}_sd_configs`, ReturnType<typeof unsupported>>;

/** One element of `static_configs`, and of a file for file discovery. */
export const targetGroupSchema = entry({
  targets: list(text()).optional(),
  labels: mapping(text()).optional(),
});

/** The files of file discovery, once their YAML or JSON is parsed. */
export const targetGroupsSchema = list(targetGroupSchema);

const FILE_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

const file = () =>
  z.string("want a path").refine((path) => FILE_PATTERN.test(path), {
    error: (issue) =>
      `path "${issue.input}": want .json, .yml or .yaml, with at most one * in its last part`,
  });

/** The keys of a scrape config that say where targets come from. */
export const discoveryShape = {
  static_configs: list(targetGroupSchema).optional(),
  file_sd_configs: list(
    entry({ files: list(file()), refresh_interval: duration().optional() }),
  ).optional(),
  ...unsupportedKinds,
};

/** A target group from its raw form. */
export function targetGroup(raw: z.infer<typeof targetGroupSchema>, source: string): TargetGroup {
  return { source, targets: raw.targets ?? [], labels: raw.labels ?? {} };
}
