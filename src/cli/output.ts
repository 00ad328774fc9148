import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { ROLLOUT_GROUP, ROLLOUT_KIND } from "../api/kind.ts";
import type { Rollout } from "../api/rollout.ts";

const FORMATS = ["text", "wide", "json", "yaml", "name"] as const;

export type Format = (typeof FORMATS)[number];

export function outputOption(command: Command): Command {
  const what = "what to print; wide: more, and nothing cut off";
  return command.addOption(new Option("-o, --output <format>", what).choices(FORMATS).default("text"));
}

/** A value for a program to read, or a name for a shell. */
export function printed(value: unknown, format: "json" | "yaml"): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value);
}

/** `rollout.sluice.dev/checkout`, as kubectl prints names. */
export function nameLine({ metadata }: Rollout): string {
  return `${ROLLOUT_KIND.toLowerCase()}.${ROLLOUT_GROUP}/${metadata.name}\n`;
}

/** Columns as wide as what is in them; the last one takes the rest. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)) + 3);
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}
