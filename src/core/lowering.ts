import type { Action } from "./decision.ts";
import type { RoutingView } from "./snapshot.ts";

/** Taking requests from the canary stands behind nothing that may fail. */
export function loweringFirst(actions: readonly Action[], routing: RoutingView): readonly Action[] {
  const at = actions.findIndex((action) => isLowering(action, routing));
  const action = actions[at];
  return action === undefined ? actions : [action, ...actions.slice(0, at), ...actions.slice(at + 1)];
}

/** Whether an action takes requests from the canary, and gives it none. */
export function isLowering(action: Action, routing: RoutingView): boolean {
  if (action.kind !== "setTraffic" || routing.kind === "missing") return false;
  const { canaryWeight, shadowPercent, reserved } = action.traffic;
  const { traffic } = routing;
  const changes = [
    canaryWeight - traffic.canaryWeight,
    shadowPercent - traffic.shadowPercent,
    Number(reserved) - Number(traffic.reserved),
  ];
  return changes.every((change) => change <= 0) && changes.some((change) => change < 0);
}
