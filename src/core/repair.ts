import { reservedMatchOf } from "../api/reserved-match.ts";
import type { RolloutSpec } from "../api/spec.ts";
import type { RunStatus } from "../api/status.ts";
import { plural } from "../lib/text.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import type { RoutingView, TrafficView } from "./snapshot.ts";

/** All live requests go to the primary, and none is mirrored. */
export const NO_CANARY: TrafficView = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/**
 * What the routes say while the canary has ready pods. Requests that the spec reserves for a side go there from the
 * first such moment on, whatever the weight, until nobody is to be with the primary any more (moveTheRest), or nobody
 * with the canary: NO_CANARY takes all in one write.
 */
export function trafficOf(
  run: Pick<RunStatus, "weight" | "shadowPercent" | "spec" | "everyoneSince">,
): TrafficView {
  const { weight, shadowPercent, spec, everyoneSince } = run;
  const reserved = reservedMatchOf(spec) !== null && everyoneSince === undefined;
  return { canaryWeight: weight, shadowPercent, reserved };
}

/** Some requests are with the primary whatever the weight is: those of `primaryMatch`. */
export function keepsSome({ spec, everyoneSince }: RunStatus): boolean {
  return everyoneSince === undefined && (reservedMatchOf(spec)?.primary.length ?? 0) > 0;
}

/** Services that are missing or changed are put right. The apex Service is moved only by those who know the moment. */
export function repairServices(draft: Draft): void {
  const { services } = draft.snapshot;
  const broken = [services.apex, services.primary, services.canary].some(
    (service) => !service.exists || !service.inSync,
  );
  if (broken) draft.act({ kind: "ensureServices" });
}

/** Between runs the labels of the canary's subset are the user's. */
export function giveCanarySubsetBack(draft: Draft): void {
  if (isBySubset(draft) && !draft.snapshot.services.canary.inSync) draft.act({ kind: "ensureServices" });
}

/**
 * Routing objects as the spec wants them and weights as the run wants them, with an event when somebody else had
 * changed them. Lowering a weight always happens, and first; raising is for those who know that the canary is ready.
 */
export function repairRoutes(draft: Draft, wanted: TrafficView): void {
  const { routing, services } = draft.snapshot;
  if (routing.kind === "missing") {
    if (routing.problem !== undefined) return;
    draft.act({ kind: "ensureRoutes" }, { kind: "setTraffic", traffic: wanted });
    record(draft, "TrafficRepaired", "The VirtualService was missing; it was made again.");
    return;
  }
  if (!isSameTraffic(routing.traffic, wanted) || routing.uneven !== undefined) {
    setTrafficRight(draft, routing, wanted);
  }
  if (!routing.inSync) {
    draft.act({ kind: "ensureRoutes" });
    const drift = routing.drift ?? "A routing object differs from the spec";
    record(draft, "TrafficRepaired", `${drift}; it was put right.`);
  }
  if (isNobodyThere(draft) || routing.problem !== undefined) return;
  if (services.apex.exists && services.apex.selects !== "primary") {
    draft.act({ kind: "pointApex", side: "primary" });
    const { destinationRule } = specOf(draft).traffic.istio;
    const what =
      destinationRule === undefined ? "The apex Service" : `Subset ${destinationRule.primarySubset}`;
    tellRepair(draft, `${what} did not select the primary's pods`, services.apex.changedBy, "labels");
  }
}

/** The canary's Service or subset selects pods of any revision; those who call this set the pin again. */
export function tellUnpinned(draft: Draft): void {
  const { destinationRule } = specOf(draft).traffic.istio;
  const what =
    destinationRule === undefined ? "The canary's Service" : `Subset ${destinationRule.canarySubset}`;
  const { changedBy } = draft.snapshot.services.canary;
  tellRepair(draft, `${what} was not pinned to the canary's revision`, changedBy, "labels");
}

/** That of the run while one is under way. */
function specOf({ status, snapshot }: Draft): RolloutSpec {
  return status.run?.spec ?? snapshot.rollout.spec;
}

/** Why the routes cannot carry a canary, and what to do about it; null when they can. */
export function routesProblem({ snapshot }: Draft): string | null {
  return snapshot.routing.problem ?? null;
}

/**
 * As repairRoutes, where no weight is meant to be raised: routes by match come and go with the canary's ready pods, which
 * is told as that and not as a repair.
 */
export function followPods(draft: Draft, run: RunStatus, isReady: boolean): void {
  const { routing } = draft.snapshot;
  const wanted = isReady ? trafficOf(run) : NO_CANARY;
  const isOnlyReserved =
    routing.kind === "present" &&
    routing.traffic.reserved !== wanted.reserved &&
    isSameTraffic({ ...routing.traffic, reserved: wanted.reserved }, wanted);
  if (!isOnlyReserved) {
    repairRoutes(draft, wanted);
    return;
  }
  draft.act({ kind: "setTraffic", traffic: wanted });
  const message = isReady
    ? "The canary's pods are ready: requests that match reach their side now."
    : "The canary has no ready pods: all requests go to the primary, those that match too.";
  record(draft, "MatchFollowed", message);
}

/** The routes give the canary something: requests, copies, or those that match. */
export function isCanaryGiven({ snapshot: { routing } }: Draft): boolean {
  return routing.kind === "present" && !isSameTraffic(routing.traffic, NO_CANARY);
}

/** The target's pods get all requests. */
export function giveTrafficBack(draft: Draft): void {
  draft.act({ kind: "pointApex", side: "target" }, { kind: "removeRoutes" });
}

/** The sides are two subsets of one host: without routes requests reach the pods of both. */
export function isBySubset(draft: Draft): boolean {
  return specOf(draft).traffic.istio.destinationRule !== undefined;
}

/**
 * The routes are there, and give the canary nothing. Without them its pods may get what the host's Service sends them, and
 * with subsets it is labels that say what "nothing" means.
 */
export function isAllWithPrimary(draft: Draft): boolean {
  const { routing, services } = draft.snapshot;
  const isAtRest = routing.kind === "present" && !isCanaryGiven(draft);
  return isAtRest && (!isBySubset(draft) || services.apex.selects === "primary" || isNobodyThere(draft));
}

/** Then nothing tells whose pods are whose, and there is none. */
function isNobodyThere({ snapshot: { target, primary } }: Draft): boolean {
  return target === null && primary === null;
}

type PresentRouting = Extract<RoutingView, { readonly kind: "present" }>;

/**
 * Weight and mirror as the run wants them. What takes something from the canary is done at once. What gives it
 * something waits longer each time that somebody else takes it away again, so that two who disagree do not write
 * without end; and where the routes cannot carry a canary it is not tried.
 */
function setTrafficRight(draft: Draft, routing: PresentRouting, wanted: TrafficView): void {
  const { contested } = draft.status;
  if (givesMore(wanted, routing)) {
    if (routing.problem !== undefined) return;
    const mayAtMs = contested === undefined ? 0 : parseTime(contested.at) + patienceMs(contested.count);
    if (draft.nowMs < mayAtMs) {
      draft.lookAgainAt(mayAtMs);
      return;
    }
  }
  draft.act({ kind: "setTraffic", traffic: wanted });
  const what = routing.uneven ?? differenceText(routing.traffic, wanted);
  tellRepair(draft, what, routing.changedBy, "weights");
}

/** In a run it is counted who does it, and who goes on doing it. */
function tellRepair(draft: Draft, what: string, by: string | undefined, ofWhat: string): void {
  const { run, contested } = draft.status;
  if (run === undefined || by === undefined) {
    record(draft, "TrafficRepaired", `${what}; it was put right.`);
    return;
  }
  const count = (contested?.count ?? 0) + 1;
  draft.patchStatus({ contested: { by, count, at: isoTimeMs(draft.nowMs) } });
  record(
    draft,
    "TrafficRepaired",
    `${what}, by ${by}; it was put right, ${plural(count, "time")} in this run. Let ${by} leave ${ofWhat} alone (docs/guides/istio.md, "GitOps").`,
  );
}

/** In some route the canary is to have more than it has. */
function givesMore(wanted: TrafficView, { traffic, uneven }: PresentRouting): boolean {
  if (wanted.canaryWeight < traffic.canaryWeight || wanted.shadowPercent < traffic.shadowPercent)
    return false;
  return (
    uneven !== undefined ||
    !isSameTraffic({ ...wanted, reserved: false }, { ...traffic, reserved: false }) ||
    wanted.reserved
  );
}

/** 1 s after the first time, twice as long each time, at most a minute. */
function patienceMs(count: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.min(count - 1, 6));
}

export function isSameTraffic(a: TrafficView, b: TrafficView): boolean {
  return (
    a.canaryWeight === b.canaryWeight && a.shadowPercent === b.shadowPercent && a.reserved === b.reserved
  );
}

function differenceText(actual: TrafficView, wanted: TrafficView): string {
  if (actual.canaryWeight !== wanted.canaryWeight)
    return `The canary's weight was ${actual.canaryWeight} % where ${wanted.canaryWeight} % belongs`;
  if (actual.shadowPercent !== wanted.shadowPercent)
    return `${actual.shadowPercent} % of requests were mirrored where ${wanted.shadowPercent} % belong`;
  return wanted.reserved ? "The routes by match were missing" : "Routes by match stood where none belong now";
}
