import { InvalidArgumentError } from "commander";
import { parseDuration } from "../lib/duration.ts";

/** Milliseconds of a flag's value. */
export function durationFlag(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("want a duration such as 30s, 5m or 1h30m");
  return ms;
}
