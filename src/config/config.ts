import type { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { configSchema } from "./config-schema.ts";

export type Config = Readonly<z.output<typeof configSchema>>;
export type ConfigKey = keyof typeof configSchema.shape;

/** The keys in order, each with its help text: what `sluice controller --help` and docs/reference are made of. */
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

/** Settings in a file, by key. */
export interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface ConfigSources {
  /** Flags as given, by key; they win. */
  readonly flags: Readonly<Partial<Record<ConfigKey, unknown>>>;
  /** What the file says that --config names. */
  readonly file?: ConfigFile | undefined;
  /** Default: process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Merges flags over environment over file over defaults. Throws ConfigError naming each key as it was given, its value and what is allowed. */
export function loadConfig(sources: ConfigSources): Config {
  const given = new Map(CONFIG_KEYS.flatMap(({ key }) => givenValue(key, sources)));
  const unknown = Object.keys(sources.file?.values ?? {}).filter((key) => !isKey(key));
  if (unknown.length > 0) throw new ConfigError(unknown.map((key) => unknownKey(key, sources)).join("\n"));
  const merged = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new ConfigError(parsed.error.issues.map((issue) => describe(issue, given)).join("\n"));
}

interface Given {
  readonly value: unknown;
  /** As the person who gave it wrote it: `--workers`, `SLUICE_WORKERS`, `sluice.yaml: workers`. */
  readonly as: string;
}

function givenValue(key: ConfigKey, sources: ConfigSources): readonly [ConfigKey, Given][] {
  const { flags, file, environment = process.env } = sources;
  const candidates: readonly Given[] = [
    { value: flags[key], as: `--${flagName(key)}` },
    ...namesInEnvironment(key).map((name) => ({ value: environment[name], as: name })),
    { value: file?.values[key], as: `${file?.path}: ${key}` },
  ];
  const found = candidates.find(({ value }) => value !== undefined && value !== null);
  return found === undefined ? [] : [[key, found]];
}

/** Ours wins over the one that everybody knows. */
function namesInEnvironment(key: ConfigKey): readonly string[] {
  return [environmentName(key), ...(key === "otlpEndpoint" ? ["OTEL_EXPORTER_OTLP_ENDPOINT"] : [])];
}

function isKey(key: string): key is ConfigKey {
  return Object.hasOwn(configSchema.shape, key);
}

function unknownKey(key: string, { file }: ConfigSources): string {
  const near = didYouMean(key, Object.keys(configSchema.shape));
  const hint = near === null ? "" : ` (did you mean ${near}?)`;
  return `${file?.path}: ${key}: no such setting${hint}`;
}

function describe(issue: z.core.$ZodIssue, given: ReadonlyMap<ConfigKey, Given>): string {
  const [key, ...inside] = issue.path;
  const { as, value } = given.get(key as ConfigKey) ?? { as: String(key), value: undefined };
  const at = inside.map((index) => `[${String(index)}]`).join("");
  return `${as}${at} ${JSON.stringify(value)}: ${issue.message}`;
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
