import type { Rollout } from "../api/rollout.ts";
import type { PositionStatus, RunStatus } from "../api/status.ts";
import { parseTime } from "../lib/time.ts";
import { intervalMsOf } from "./interval.ts";
import { keepsSome } from "./repair.ts";
import type { ArmPair } from "./seen-traffic.ts";
import type { CoreSettings } from "./snapshot.ts";

/** Pods that are to go when no request is seen to reach them any more. */
export interface Drain {
  readonly arm: keyof ArmPair;
  /** Since when the routing objects are known to send them nothing. */
  readonly sinceMs: number;
  /** The share of requests that they had before, 0 to 1; where only telemetry can tell, from when on it is to look. */
  readonly share: number | { readonly seenSinceMs: number };
  /** Some requests go to them on purpose: that none is seen is not to be waited for, and the least time decides. */
  readonly isShared: boolean;
}

/** Rows are told apart at least so finely. */
export const LONGEST_WATCH_MS = 60_000;

/** What is draining now, so that its traffic has to be looked at; null at rest and while nothing is to go. */
export function drainOf({ metadata, status }: Rollout): Drain | null {
  if (status === undefined) return null;
  const { run, trafficMovedAt } = status;
  if (run === undefined) {
    if (trafficMovedAt === undefined) return null;
    const isHandingBack = metadata.deletionTimestamp !== undefined && status.phase !== "Initializing";
    const arm = isHandingBack ? "primary" : "canary";
    return { arm, sinceMs: parseTime(trafficMovedAt), share: 1, isShared: false };
  }
  return drainOfRun(run);
}

/** Of a run; null before it is known that its routes send them nothing. */
export function drainOfRun(run: RunStatus): Drain | null {
  if (run.drainingSince === undefined) return null;
  const sinceMs = parseTime(run.drainingSince);
  if (run.stage !== "Shifting") {
    return { arm: "canary", sinceMs, share: shareOf(run, run.positions.at(-1)), isShared: false };
  }
  const { everyoneSince, stageSince } = run;
  // What primaryMatch made of the share is known to nobody.
  const share =
    everyoneSince === undefined
      ? 1 - liveShareOf(run.positions.at(-2))
      : { seenSinceMs: parseTime(stageSince) };
  return { arm: "primary", sinceMs, share, isShared: keepsSome(run) };
}

/** How long pods are kept at most because requests are still seen to reach them. */
export function longestDrainMs({ drainMs, drainMaxMs }: CoreSettings): number {
  return Math.max(drainMs, drainMaxMs);
}

/** How long rows are while something drains: as the analysis says, so that they are asked for together with others'. */
export function watchIntervalMs({ spec, status }: Rollout): number {
  const analysis = status?.run?.spec.analysis ?? (spec.analysis as typeof spec.analysis | undefined);
  return Math.min(LONGEST_WATCH_MS, intervalMsOf(analysis));
}

/** What the canary had at a position, 0 to 1: live requests, or mirrored ones. */
function shareOf({ spec }: RunStatus, position: PositionStatus | undefined): number {
  return position?.kind === "shadow" ? (spec.shadow?.percent ?? 100) / 100 : liveShareOf(position);
}

function liveShareOf(position: PositionStatus | undefined): number {
  return position?.kind === "step" ? position.weight / 100 : 0;
}
