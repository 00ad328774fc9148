import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { toError } from "../lib/errors.ts";
import { ConfigError, type ConfigFile } from "./config.ts";

/** The file that a flag names, or SLUICE_CONFIG; undefined: none. */
export function configPath(flag: string | undefined, environment = process.env): string | undefined {
  return flag ?? environment["SLUICE_CONFIG"];
}

/** Longer files are somebody's mistake. */
const MAX_BYTES = 1_000_000;

/** Reads a file of settings: YAML (or JSON), a mapping of keys to values. Throws ConfigError. */
export function readConfigFile(path: string): ConfigFile {
  let values: unknown;
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > MAX_BYTES)
      throw new Error(`it has ${text.length} characters, want at most ${MAX_BYTES}`);
    values = parse(text) ?? {};
  } catch (thrown) {
    throw new ConfigError(`reading the settings in ${path}: ${toError(thrown).message.trim()}`, {
      cause: thrown,
    });
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new ConfigError(`reading the settings in ${path}: want a mapping of settings, as drain: 30s`);
  }
  return { path, values: values as Readonly<Record<string, unknown>> };
}
