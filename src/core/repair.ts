import { reservedMatchOf } from "../api/reserved-match.ts";
import type { RunStatus } from "../api/status.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import type { TrafficView } from "./snapshot.ts";

/** All live requests go to the primary, and none is mirrored. */
export const NO_CANARY: TrafficView = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/**
 * What the routes say while the canary has ready pods. Requests that the spec reserves for a side go there from the
 * first such moment on, whatever the weight, until the canary gets nothing any more: NO_CANARY takes all in one write.
 */
export function trafficOf(run: Pick<RunStatus, "weight" | "shadowPercent" | "spec">): TrafficView {
  const { weight, shadowPercent, spec } = run;
  return { canaryWeight: weight, shadowPercent, reserved: reservedMatchOf(spec) !== null };
}

/** Services that are missing or changed are put right. The apex Service is moved only by those who know the moment. */
export function repairServices(draft: Draft): void {
  const { services } = draft.snapshot;
  const broken = [services.apex, services.primary, services.canary].some(
    (service) => !service.exists || !service.inSync,
  );
  if (broken) draft.act({ kind: "ensureServices" });
}

/**
 * Routing objects as the spec wants them and weights as the run wants them, with an event when somebody else had
 * changed them. Lowering a weight always happens, and first; raising is for those who know that the canary is ready.
 */
export function repairRoutes(draft: Draft, wanted: TrafficView): void {
  const { routing, services } = draft.snapshot;
  if (routing.kind === "missing") {
    draft.act({ kind: "ensureRoutes" }, { kind: "setTraffic", traffic: wanted });
    record(draft, "TrafficRepaired", "The VirtualService was missing; it was made again.");
    return;
  }
  if (!isSameTraffic(routing.traffic, wanted)) {
    draft.act({ kind: "setTraffic", traffic: wanted });
    record(draft, "TrafficRepaired", `${differenceText(routing.traffic, wanted)}; it was put right.`);
  }
  if (!routing.inSync) {
    draft.act({ kind: "ensureRoutes" });
    record(
      draft,
      "TrafficRepaired",
      `${routing.drift ?? "A routing object differs from the spec"}; it was put right.`,
    );
  }
  if (services.apex.exists && services.apex.selects !== "primary")
    draft.act({ kind: "pointApex", side: "primary" });
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
