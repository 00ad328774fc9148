import type { Action } from "./decision.ts";
import type { RoutingView, TrafficView } from "./snapshot.ts";

/** Taking requests from the canary stands behind nothing that may fail. */
export function loweringFirst(actions: readonly Action[], routing: RoutingView): readonly Action[] {
  const at = actions.findIndex((action) => isLowering(action, routing));
  const action = actions[at];
  return action === undefined ? actions : [action, ...actions.slice(0, at), ...actions.slice(at + 1)];
}

/** Whether an action takes requests from the canary, and gives it none. */
export function isLowering(action: Action, routing: RoutingView): boolean {
  if (action.kind !== "setTraffic" || routing.kind === "missing") return false;
  const changes = changesOf(routing.traffic, action.traffic);
  return changes.every((change) => change <= 0) && changes.some((change) => change < 0);
}

/** Whether traffic gives the canary something that it does not have: requests, copies, or those that match. */
export function isRaising(wanted: TrafficView, routing: RoutingView): boolean {
  const nothing = { canaryWeight: 0, shadowPercent: 0, reserved: false };
  const now = routing.kind === "missing" ? nothing : routing.traffic;
  return changesOf(now, wanted).some((change) => change > 0);
}

function changesOf(from: TrafficView, to: TrafficView): readonly number[] {
  return [
    to.canaryWeight - from.canaryWeight,
    to.shadowPercent - from.shadowPercent,
    Number(to.reserved) - Number(from.reserved),
  ];
}
