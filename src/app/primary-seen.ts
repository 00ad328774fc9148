import type { Finding } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Clock } from "../lib/clock.ts";
import { metrics } from "../preflight/checks/metrics.ts";
import { recordedRows, recordedSource } from "./backtest.ts";

const MINUTES = 5;

/** Whether Prometheus has counted requests of the primary lately; as text, why it cannot be told. */
export async function primarySeen(
  rollout: Rollout,
  url: string,
  clock: Clock,
): Promise<readonly Finding[] | string> {
  const toMs = clock.now();
  const rows = await recordedRows(recordedSource(url, clock), {
    rollout,
    fromMs: toMs - MINUTES * 60_000,
    toMs,
  });
  const error = rows.findLast((row) => row.error !== undefined)?.error;
  if (error !== undefined) return `requests of the primary, since ${url} gave no answer: ${error}`;
  const requests = rows.reduce((sum, { primary }) => sum + (primary?.requests ?? 0), 0);
  const { namespace = "default" } = rollout.metadata;
  return metrics({
    namespace,
    primary: `${rollout.spec.targetRef.name}-primary`,
    requests,
    minutes: MINUTES,
  });
}
