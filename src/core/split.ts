import type { RunStatus, SplitStatus } from "../api/status.ts";
import { formatDuration } from "../lib/duration.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { wilsonInterval } from "../verdict/math/wilson.ts";
import { announce, imageText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { type ArmPair, rowsSince, type SeenRow, type SeenTraffic } from "./seen-traffic.ts";
import { stepText } from "./wording.ts";

/** What share of requests the canary is to be seen with, in percent. */
export interface AskedSplit {
  readonly asked: number;
  /** What it had before, which the new share has to be told from. */
  readonly former: number;
  /** Requests go to the canary for other reasons as well (canaryMatch): more than asked is fine. */
  readonly isFloor: boolean;
}

/** What was seen of it. */
export type Split =
  /** The asked share, since `sinceMs` at the latest. */
  | { readonly kind: "seen"; readonly sinceMs: number; readonly share: number; readonly requests: number }
  | { readonly kind: "contradicted"; readonly share: number; readonly requests: number }
  /** Too few requests, or none that could be counted. */
  | { readonly kind: "untold" };

/** Standard deviations that chance is given. */
const Z = 3;

/** A share this close to the asked one is the asked one: a tenth of it, or a percentage point. */
function toleranceOf(asked: number): number {
  return Math.max(1, asked / 10);
}

/**
 * Whether the share that was asked for is in force. The newest interval is looked at, alone and together with more and
 * more of those before it, since a slow service takes many to tell; an interval that for itself speaks against the share
 * ends that, since then the weight was another one still. The share is seen when Wilson's interval (z = 3) around the
 * canary's part of the requests reaches into the asked share +- tolerance and lies above the former one.
 */
export function splitOf(seen: SeenTraffic | null, sinceMs: number, asked: AskedSplit): Split {
  const rows = rowsSince(seen, sinceMs).filter((row) => !row.isUnknown);
  if (seen === null || rows.length === 0) return { kind: "untold" };
  const usesSent = rows.some((row) => row.sent !== null);
  let best: Split = { kind: "untold" };
  let total: ArmPair = NONE;
  for (let first = rows.length - 1; first >= 0; first -= 1) {
    const row = rows[first] as SeenRow;
    const alone = usesSent ? (row.sent ?? NONE) : row.arrived;
    total = { canary: total.canary + alone.canary, primary: total.primary + alone.primary };
    const [kind, share, requests] = [kindOf(total, asked), shareOf(total), requestsOf(total)];
    // The interval that the weight was written in belongs to it when nothing that followed speaks against it.
    const windowMs = first === 0 ? sinceMs : row.endMs - seen.intervalMs;
    if (kindOf(alone, asked) === "contradicted") {
      return best.kind === "untold" ? { kind: "contradicted", share, requests } : best;
    }
    if (kind === "seen") best = { kind, share, requests, sinceMs: windowMs };
    else if (kind === "contradicted" && best.kind === "untold") best = { kind, share, requests };
  }
  return best;
}

const NONE: ArmPair = { canary: 0, primary: 0 };

function requestsOf({ canary, primary }: ArmPair): number {
  return canary + primary;
}

/** Percent. */
function shareOf(pair: ArmPair): number {
  return pair.canary === 0 ? 0 : (100 * pair.canary) / requestsOf(pair);
}

function kindOf(pair: ArmPair, { asked, former, isFloor }: AskedSplit): Split["kind"] {
  if (requestsOf(pair) === 0) return "untold";
  const interval = wilsonInterval(pair.canary, requestsOf(pair), Z);
  const [lower, upper] = [100 * interval.lower, 100 * interval.upper];
  const tolerance = toleranceOf(asked);
  if (upper < asked - tolerance || (!isFloor && lower > asked + tolerance)) return "contradicted";
  return lower > former || asked - former <= tolerance ? "seen" : "untold";
}

/**
 * What the run's weight is to show as; null where a share says nothing: no weight yet, mirrored requests, and routes
 * that keep requests from the canary on purpose (primaryMatch, sessionAffinity).
 */
export function askedSplitOf(run: RunStatus): AskedSplit | null {
  const position = run.positions.at(-1);
  if (position === undefined || position.kind !== "step" || position.weight === 0) return null;
  const { canaryMatch, primaryMatch, sessionAffinity } = run.spec.traffic.istio;
  if (primaryMatch !== undefined || sessionAffinity !== undefined) return null;
  const before = run.positions.at(-2);
  const former = before?.kind === "step" ? before.weight : 0;
  return { asked: position.weight, former, isFloor: canaryMatch !== undefined };
}

/**
 * Looks at the split and notes it in the run: when it is seen for the first time (the hold runs from there), when it is
 * first seen to be another one, and otherwise only when the status is written anyway (`isRefresh`).
 */
export function watchSplit(draft: Draft, run: RunStatus, isRefresh: boolean): RunStatus {
  const asked = askedSplitOf(run);
  const isSettled = run.split?.since !== undefined;
  if (asked === null || (isSettled && !isRefresh)) return run;
  const beganMs = parseTime(run.positions.at(-1)?.since ?? run.stageSince);
  const split = splitOf(draft.seen, beganMs, asked);
  if (split.kind === "untold") return run;
  const { asked: weight } = asked;
  const noted = {
    asked: weight,
    seen: Math.round(split.share * 10) / 10,
    requests: Math.round(split.requests),
  };
  const known = run.split;
  if (known?.since !== undefined) return draft.patchRun(run, { split: { ...known, ...noted } });
  if (split.kind === "seen") {
    return draft.patchRun(run, { split: { ...noted, since: isoTimeMs(split.sinceMs) } });
  }
  const limitMs = beganMs + draft.settings.splitWaitMs;
  if (draft.nowMs >= limitMs) return goOnUnproven(draft, run, noted);
  draft.lookAgainAt(limitMs);
  return known === undefined || isRefresh ? draft.patchRun(run, { split: noted }) : run;
}

/** It was waited for long enough: nothing is gained by standing still, but somebody must know. */
function goOnUnproven(draft: Draft, run: RunStatus, noted: SplitStatus): RunStatus {
  const next = draft.patchRun(run, { split: { ...noted, since: isoTimeMs(draft.nowMs) } });
  announce(draft, next, {
    reason: "SplitNotSeen",
    title: `${imageText(run)} is not seen to get ${noted.asked} % of requests`,
    text: `Step ${stepText(run)} asked for ${noted.asked} %, ${splitText(noted)} were seen ${formatDuration(draft.settings.splitWaitMs)} after the weight was written. The hold begins all the same; evidence and limits apply as ever.`,
    next: "Look whether proxies have learnt of the VirtualService (istioctl proxy-status), whether another VirtualService has the host, and whether callers have a sidecar.",
    transition: `split-${run.stepIndex}-${run.restarts ?? 0}`,
  });
  return next;
}

/** `4.8 % of 3,012 requests`. */
export function splitText({ seen, requests }: Pick<SplitStatus, "seen" | "requests">): string {
  return `${seen} % of ${requests.toLocaleString("en")} requests`;
}

/** Since when the step is held; null: its weight is not seen yet. */
export function heldSinceMs(run: RunStatus): number | null {
  const { split, positions, stageSince } = run;
  if (split !== undefined) return split.since === undefined ? null : parseTime(split.since);
  return parseTime(positions.at(-1)?.since ?? stageSince);
}
