import type { CommandName } from "../api/command.ts";
import type { Transition } from "../api/notification.ts";
import type { EventReason } from "../api/reasons.ts";
import type { RolloutStatus } from "../api/status.ts";
import type { JudgeMemory } from "./judging.ts";
import type { SeenTraffic } from "./seen-traffic.ts";
import type { TrafficView } from "./snapshot.ts";

/** One idempotent change of the world. The shell maps each kind to one call of an adapter. */
export type Action =
  | { readonly kind: "addFinalizer" }
  | { readonly kind: "removeFinalizer" }
  | { readonly kind: "clearCommand"; readonly command: CommandName }
  | { readonly kind: "createPrimary"; readonly revision: string; readonly replicas: number }
  | { readonly kind: "promotePrimary"; readonly revision: string }
  | { readonly kind: "revertPrimary"; readonly revision: string }
  | { readonly kind: "scaleTarget"; readonly replicas: number }
  | { readonly kind: "scalePrimary"; readonly replicas: number }
  | { readonly kind: "deletePrimary" }
  | { readonly kind: "ensureServices" }
  | { readonly kind: "ensureRoutes" }
  | { readonly kind: "pinCanary"; readonly revision: string }
  | { readonly kind: "pointApex"; readonly side: "primary" | "target" }
  | { readonly kind: "setTraffic"; readonly traffic: TrafficView }
  | { readonly kind: "removeRoutes" }
  | { readonly kind: "removeServices" };

export interface EventDraft {
  readonly reason: EventReason;
  readonly type: "Normal" | "Warning";
  readonly message: string;
}

/** What one pass will do. The shell performs it from top to bottom. */
export interface Decision {
  /** In this order, BEFORE the status is written; the first that fails ends the pass, which is then repeated. */
  readonly actions: readonly Action[];
  /** Written AFTER all actions, and only when it differs from the one that was read. */
  readonly status: RolloutStatus;
  /** AFTER the status: what must not be lost if the status could not be written. */
  readonly finally: readonly Action[];
  /** Posted AFTER everything else; they may get lost in a crash, never repeated. */
  readonly events: readonly EventDraft[];
  readonly notifications: readonly Transition[];
  /** Kept in memory AFTER the pass. Losing it is harmless: it is made again from the source's history. */
  readonly judge: JudgeMemory | null;
  /** Likewise. */
  readonly seen: SeenTraffic | null;
  /** When to look again if nothing happens before; null: only an event needs another pass. 0: at once. */
  readonly requeueAfterMs: number | null;
}
