import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import type { TrafficView } from "./snapshot.ts";

/** All live requests go to the primary, and none is mirrored. */
export const NO_CANARY: TrafficView = { canaryWeight: 0, shadowPercent: 0, reserved: false };

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
    record(
      draft,
      "TrafficRepaired",
      `The canary's weight was ${routing.traffic.canaryWeight} % where ${wanted.canaryWeight} % belongs; it was put right.`,
    );
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

export function isSameTraffic(a: TrafficView, b: TrafficView): boolean {
  return (
    a.canaryWeight === b.canaryWeight && a.shadowPercent === b.shadowPercent && a.reserved === b.reserved
  );
}
