import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../lib/duration.ts";

/** A flag whose value is a duration, in milliseconds once parsed. */
export function durationOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(durationFlag).default(durationFlag(fallback), fallback);
}

function durationFlag(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("want a duration such as 30s, 5m or 1h30m");
  return ms;
}
