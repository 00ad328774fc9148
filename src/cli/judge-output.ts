import { basename } from "node:path";
import { roughDuration } from "../lib/duration.ts";
import { isoTime } from "../lib/time.ts";
import type { Final, JudgedRow } from "./trace-judge.ts";

/** What `sluice judge` and `sluice backtest` print. */

const HISTORY = "history of the primary";

export function rowJson({ row, verdict }: JudgedRow): string {
  const t = row.endMs / 1000;
  if (verdict === null) return JSON.stringify({ t, verdict: "inconclusive", reasons: [HISTORY] });
  const { result, act, metrics, missingForMs } = verdict;
  return JSON.stringify({
    t,
    weight: row.weight,
    verdict: result,
    reasons: reasonsOf(verdict),
    ...(act === null ? {} : { act }),
    ...(missingForMs === null ? {} : { missingForSeconds: Math.ceil(missingForMs / 1000) }),
    metrics,
  });
}

/** What decided first, then what each metric adds to it. */
function reasonsOf({ reason, metrics }: NonNullable<JudgedRow["verdict"]>): readonly string[] {
  const others = metrics.map((metric) => `${metric.name}: ${metric.reason}`);
  return [reason, ...others.filter((other) => !reason.includes(other) && !other.endsWith(reason))];
}

export function finalJson(final: Final, file?: string): string {
  const named = file === undefined ? {} : { file: basename(file) };
  return JSON.stringify({ ...named, final: final.result, at: final.atMs / 1000, reason: final.reason });
}

export function rowText({ row, verdict }: JudgedRow): string {
  const time = clock(row.endMs).padStart(8);
  if (verdict === null) return `${time}         ${HISTORY}`;
  return `${time} ${`${row.weight} %`.padStart(6)}  ${verdict.result.padEnd(12)} ${verdict.reason}`;
}

export function finalText(final: Final, file?: string): string {
  const named = file === undefined ? "" : `${file}: `;
  return `${named}${final.result} after ${clock(final.atMs)}: ${final.reason}`;
}

/** Beyond this a time is one since the epoch, not one since the start of a run. */
const LONGEST_RUN_MS = 365 * 86_400_000;

function clock(ms: number): string {
  if (ms > LONGEST_RUN_MS) return isoTime(ms);
  return ms < 0 ? `-${roughDuration(-ms)}` : roughDuration(ms);
}
