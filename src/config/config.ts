import { z } from "zod";
import { parseDuration } from "../lib/duration.ts";

const duration = (least: string, most: string) =>
  z
    .string()
    .refine((text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0);
    }, `want a duration from ${least} to ${most}`)
    .transform((text) => parseDuration(text) ?? 0);

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

/** Everything that can be set, with its default. Names are those of the flags; the environment has SLUICE_ before them. */
const configSchema = z.strictObject({
  kubeconfig: z
    .string()
    .optional()
    .describe("kubeconfig file; absent: $KUBECONFIG, ~/.kube/config, or in-cluster"),
  context: z.string().optional().describe("context of the kubeconfig"),
  namespace: z.string().optional().describe("watch this namespace alone; absent: all"),
  prometheus: z
    .url({ protocol: /^https?$/, error: "want an http:// or https:// URL" })
    .default("http://prometheus:9090")
    .describe("address of Prometheus"),
  prometheusToken: z
    .string()
    .optional()
    .describe("bearer token for Prometheus; better set by environment than by flag"),
  prometheusUsername: z.string().optional().describe("user for basic authentication at Prometheus"),
  prometheusPassword: z.string().optional().describe("password for basic authentication at Prometheus"),
  prometheusTimeout: duration("100ms", "1m").prefault("5s").describe("limit of one query"),
  clusterName: z.string().max(100).optional().describe("shown in every notification"),
  drain: duration("0s", "10m")
    .prefault("20s")
    .describe("from weight 0 until pods may go, at least: the mesh learns of it, requests under way end"),
  drainMax: duration("0s", "1h")
    .prefault("3m")
    .describe("how long pods stay at most because requests are still seen to reach them"),
  statusRefresh: duration("1s", "1h")
    .prefault("1m")
    .describe("how often evidence in the status is refreshed while nothing else changes"),
  leaderElection: flag
    .optional()
    .describe("only the holder of a Lease writes, others stand by; absent: true in a pod, else false"),
  leaderElectionNamespace: z
    .string()
    .optional()
    .describe("namespace of the Lease; absent: that of the pod or of the kubeconfig's context"),
  workers: count(1, 64).prefault(8).describe("Rollouts worked on at the same time"),
  listen: z.string().default(":8080").describe("address of /metrics, /healthz and /readyz; empty: none"),
  insecureWebhooks: flag.default(false).describe("let Slack URLs be http:// (for tests)"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("least severe log line"),
  clockSpeed: z.coerce.number().gt(0).max(1000).default(1).describe("playground only: how fast time runs"),
  clockOrigin: z.coerce
    .number()
    .optional()
    .describe("playground only: wall time at which its time began, ms"),
});

export type Config = Readonly<z.output<typeof configSchema>>;
export type ConfigKey = keyof z.input<typeof configSchema>;

/** The keys in order, each with its help text: what `sluice controller --help` and docs/reference/flags.md are made of. */
export const CONFIG_KEYS: readonly { readonly key: ConfigKey; readonly help: string }[] = Object.entries(
  configSchema.shape,
).map(([key, schema]) => ({ key: key as ConfigKey, help: schema.description ?? "" }));

/** A value that cannot be used; the message has one line for each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** `prometheusTimeout` is `--prometheus-timeout` and SLUICE_PROMETHEUS_TIMEOUT. */
export function flagName(key: ConfigKey): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function environmentName(key: ConfigKey): string {
  return `SLUICE_${flagName(key).toUpperCase().replaceAll("-", "_")}`;
}

export interface ConfigSources {
  /** Flags as given, by key; they win. */
  readonly flags: Readonly<Partial<Record<ConfigKey, unknown>>>;
  /** Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Merges flags over environment over defaults. Throws ConfigError naming each flag, its value and what is allowed. */
export function loadConfig(sources: ConfigSources): Config {
  const environment = sources.environment ?? process.env;
  const merged: Record<string, unknown> = {};
  for (const { key } of CONFIG_KEYS) {
    const value = sources.flags[key] ?? environment[environmentName(key)];
    if (value !== undefined) merged[key] = value;
  }
  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new ConfigError(parsed.error.issues.map((issue) => describe(issue, merged)).join("\n"));
}

const KUBERNETES_VARIABLES = ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] as const;

/** Kubernetes' own variables, which say where the cluster is. */
export function kubernetesEnvironment(
  environment: ConfigSources["environment"] = process.env,
): Readonly<Partial<Record<(typeof KUBERNETES_VARIABLES)[number], string>>> {
  const set = KUBERNETES_VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(set);
}

const SECRET_KEYS: readonly string[] = ["prometheusToken", "prometheusPassword"];

function describe(issue: z.core.$ZodIssue, merged: Readonly<Record<string, unknown>>): string {
  const key = String(issue.path[0] ?? "");
  const value = SECRET_KEYS.includes(key) ? "(not shown)" : JSON.stringify(merged[key]);
  return `--${flagName(key as ConfigKey)} ${value}: ${issue.message}`;
}
