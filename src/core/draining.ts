import type { Rollout } from "../api/rollout.ts";
import type { PositionStatus, RunStatus } from "../api/status.ts";
import { formatDuration, roughDuration } from "../lib/duration.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { intervalMsOf } from "./interval.ts";
import {
  isAllWithPrimary,
  isSameTraffic,
  keepsSome,
  NO_CANARY,
  repairRoutes,
  routesProblem,
  trafficOf,
} from "./repair.ts";
import { type ArmPair, rowsSince, type SeenRow, type SeenTraffic } from "./seen-traffic.ts";

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

/** So many of the newest intervals must be free of requests: scrapes lag by up to an interval. */
const QUIET_ROWS = 2;

/** A silence may be chance: it counts when a proxy that still used the old share would be as silent this rarely. */
const CHANCE = 0.001;

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

function drainOfRun(run: RunStatus): Drain | null {
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

/** How long rows are while something drains: as the analysis says, so that they are asked for together with others'. */
export function watchIntervalMs({ spec, status }: Rollout): number {
  const analysis = status?.run?.spec.analysis ?? (spec.analysis as typeof spec.analysis | undefined);
  return Math.min(LONGEST_WATCH_MS, intervalMsOf(analysis));
}

/** Whether the canary's pods may go. Weight 0 is put right as long as they are there, and routes that are gone are made again. */
export function isCanaryDrained(draft: Draft, run: RunStatus): boolean {
  const { routing } = draft.snapshot;
  const isGiven = routing.kind === "present" && !isSameTraffic(routing.traffic, NO_CANARY);
  // What is not ours to put right is waited for no longer than the drain takes.
  const isHopeless = !isGiven && routesProblem(draft) !== null;
  if (isAllWithPrimary(draft) || isHopeless) return isRunDrained(draft, run, "the canary's pods");
  if (isGiven) draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  else repairRoutes(draft, NO_CANARY);
  draft.patchRun(run, { weight: 0, drainingSince: undefined });
  draft.patchStatus({ canaryWeight: 0 });
  return false;
}

/**
 * At rest: whether pods that the target has got may go. Where the routes were gone or others' (they have just been put
 * right), requests may have reached them: they go after a drain.
 */
export function isUnused(draft: Draft): boolean {
  const isWithPrimary = isAllWithPrimary(draft);
  const { trafficMovedAt } = draft.status;
  if (isWithPrimary && trafficMovedAt === undefined) return true;
  if (trafficMovedAt === undefined || (!isWithPrimary && routesProblem(draft) === null)) {
    draft.patchStatus({ trafficMovedAt: isoTimeMs(draft.nowMs) });
    draft.lookAgainAfter(draft.settings.drainMs);
    return false;
  }
  const drain = drainOf(draft.snapshot.rollout);
  if (drain !== null && !isDrained(draft, drain, "the target's pods")) return false;
  draft.seen = null;
  draft.patchStatus({ trafficMovedAt: undefined });
  return true;
}

/** Whether the primary may be given another template: it has no requests, as far as anybody sees. */
export function isPrimaryIdle(draft: Draft, run: RunStatus): boolean {
  const { routing } = draft.snapshot;
  const isWritten =
    routing.kind === "present" &&
    routing.inSync &&
    routing.uneven === undefined &&
    isSameTraffic(routing.traffic, trafficOf(run));
  if (isWritten) return isRunDrained(draft, run, "the primary's pods");
  if (run.drainingSince !== undefined) draft.patchRun(run, { drainingSince: undefined });
  return false;
}

/** The drain is counted from when the routing objects are seen to say it, not from when it was decided. */
function isRunDrained(draft: Draft, run: RunStatus, pods: string): boolean {
  const drain = drainOfRun(run) ?? drainOfRun(draft.patchRun(run, { drainingSince: isoTimeMs(draft.nowMs) }));
  return drain !== null && isDrained(draft, drain, pods);
}

/**
 * Whether the pods may go; when not, the draft looks again. They have drainMs at least. After that no request must be
 * seen to reach them, for drainMaxMs at most, so that nothing waits for ever. Where nobody knows (the metrics source does
 * not answer, there is no traffic at all) the time alone decides.
 */
export function isDrained(draft: Draft, drain: Drain, pods: string): boolean {
  const { settings } = draft;
  const { nowMs } = draft.snapshot;
  const leastMs = drain.sinceMs + settings.drainMs;
  if (nowMs < leastMs) {
    draft.lookAgainAt(leastMs);
    return false;
  }
  if (drain.isShared) return true;
  const state = stateOf(draft.seen, drain);
  if (state.kind === "over") return true;
  const mostMs = drain.sinceMs + Math.max(settings.drainMs, settings.drainMaxMs);
  if (nowMs >= mostMs) {
    if (state.kind === "busy") tellLate(draft, drain, `${pods} go although ${state.text}`);
    return true;
  }
  const intervalMs = watchIntervalMs(draft.snapshot.rollout);
  draft.lookAgainAt(Math.min(mostMs, (Math.floor(nowMs / intervalMs) + 1) * intervalMs));
  return false;
}

function tellLate(draft: Draft, drain: Drain, what: string): void {
  const waited = roughDuration(draft.nowMs - drain.sinceMs);
  record(
    draft,
    "DrainTimedOut",
    `After ${waited} ${what}. Something calls them past the VirtualService, or a proxy has not learnt of it: see istioctl proxy-status.`,
  );
}

type DrainState = { readonly kind: "over" | "untold" } | { readonly kind: "busy"; readonly text: string };

function stateOf(seen: SeenTraffic | null, drain: Drain): DrainState {
  const rows = rowsSince(seen, drain.sinceMs);
  const last = rows.at(-1);
  if (seen === null || last === undefined) return { kind: "untold" };
  if (last.isUnknown) return { kind: "over" };
  const newest = rows.slice(-QUIET_ROWS);
  const late = sum(newest.map((row) => requestsOf(row, drain.arm)));
  const lateBytes = sum(newest.map(({ bytes }) => bytes?.[drain.arm] ?? 0));
  const windowMs = newest.length * seen.intervalMs;
  if (late > 0) return { kind: "busy", text: busyText(late, windowMs) };
  if (lateBytes > 0) return { kind: "busy", text: bytesText(lateBytes, windowMs) };
  if (newest.length < QUIET_ROWS) return { kind: "untold" };
  const firstQuiet = rows.findLastIndex((row) => isUsed(row, drain.arm)) + 1;
  const elsewhere = drain.arm === "canary" ? "primary" : "canary";
  const others = sum(rows.slice(firstQuiet).map((row) => requestsOf(row, elsewhere)));
  return { kind: isProven(others, formerShare(seen, drain)) ? "over" : "untold" };
}

/** Where it has to be seen, it is the least that was seen in an interval; null when nobody was seen. */
function formerShare(seen: SeenTraffic, { arm, share }: Drain): number | null {
  if (typeof share === "number") return share;
  const elsewhere = arm === "canary" ? "primary" : "canary";
  const used = rowsSince(seen, share.seenSinceMs).filter((row) => requestsOf(row, arm) > 0);
  const shares = used.map(
    (row) => requestsOf(row, arm) / (requestsOf(row, arm) + requestsOf(row, elsewhere)),
  );
  return shares.length === 0 ? null : Math.min(...shares);
}

/**
 * Of n requests that proxies with the old share p send, none reaches the pods with probability (1 - p)^n, by the binomial
 * distribution. (For 5 % it takes 135 requests for that to be a matter of one in a thousand.)
 */
function isProven(requests: number, share: number | null): boolean {
  if (share === null) return requests === 0;
  return requests === 0 || share === 0 || (1 - share) ** requests <= CHANCE;
}

/** Whoever tells more: a pod whose proxy is not scraped any more shows at its callers alone. */
function requestsOf(row: SeenRow, arm: keyof ArmPair): number {
  return Math.max(row.arrived[arm], row.sent?.[arm] ?? 0);
}

/** A connection that stays open is not opened again, and is seen by what goes over it. */
function isUsed(row: SeenRow, arm: keyof ArmPair): boolean {
  return requestsOf(row, arm) > 0 || (row.bytes?.[arm] ?? 0) > 0;
}

function bytesText(bytes: number, windowMs: number): string {
  return `${Math.round(bytes).toLocaleString("en")} bytes went over open connections in the last ${formatDuration(windowMs)}`;
}

function busyText(requests: number, windowMs: number): string {
  return `${Math.round(requests).toLocaleString("en")} requests arrived there in the last ${formatDuration(windowMs)}`;
}

/** What the canary had at a position, 0 to 1: live requests, or mirrored ones. */
function shareOf({ spec }: RunStatus, position: PositionStatus | undefined): number {
  return position?.kind === "shadow" ? (spec.shadow?.percent ?? 100) / 100 : liveShareOf(position);
}

function liveShareOf(position: PositionStatus | undefined): number {
  return position?.kind === "step" ? position.weight / 100 : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
