import type { Command } from "../api/command.ts";
import type { EvidenceRow } from "../api/evidence.ts";
import type { PreflightReport } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import type { JudgeMemory } from "./judging.ts";
import type { SeenTraffic } from "./seen-traffic.ts";

/**
 * Everything that a decision may depend on, read at one moment. Structural twins of the adapters' types stand here,
 * because core may not import the adapters: controller/gather.ts fills them in.
 */
export interface Snapshot {
  readonly nowMs: number;
  readonly rollout: Rollout;
  /** What is wrong with the spec beyond what the API server checks; empty when it is fine. */
  readonly specProblems: readonly Problem[];
  readonly commands: readonly Command[];
  /** False: whose target, primary and routes these are cannot be read from the spec, or they are another Rollout's. */
  readonly isObserved: boolean;
  readonly target: Target | null;
  /** Why the target cannot be released; null when it can. */
  readonly targetProblem: Problem | null;
  readonly primary: Primary | null;
  readonly routing: RoutingView;
  readonly services: ServicesView;
  /** Conversations that notifiers have begun about the run under way, by receiver; those in the status need not be there. */
  readonly threads: Readonly<Record<string, string>>;
  /** What was found around a run that is about to touch traffic; null: it is not, and nobody has looked. */
  readonly preflight: PreflightReport | null;
  /** What the judge has learnt in this process; null at the start of a run and after a restart. */
  readonly judge: JudgeMemory | null;
  /** Where requests were lately seen to go, as far as this process has looked; null when it has not. */
  readonly seen: SeenTraffic | null;
  /** False: routes may have been written since the drain in the status began, and no status tells of it. */
  readonly isDrainKnown: boolean;
  /** False: a write for the Rollout is still under way, or has got no answer, and what became of it is not seen yet. */
  readonly areWritesKnown: boolean;
  /** Why this process's passes fail, since when; null when the last one went through. */
  readonly trouble: Trouble | null;
  /** What webhooks have answered in this process, by `GateAsk.id`; nothing after a restart. */
  readonly gates: Readonly<Record<string, GateAnswers>>;
}

/** What was decided cannot be carried out. */
export interface Trouble {
  readonly sinceMs: number;
  /** What the last failed pass was told. */
  readonly message: string;
}

/** The answers to one question. */
export interface GateAnswers {
  /** How many there were. */
  readonly count: number;
  /** Refusals since the last yes; silence does not count. */
  readonly refusals: number;
  readonly last: GateAnswer | null;
  /** Asked, and not answered yet. */
  readonly isAsking: boolean;
}

export interface GateAnswer {
  readonly result: "yes" | "no" | "none";
  /** For people: `403 "not yet"`. */
  readonly text: string;
  readonly atMs: number;
}

/** Names the field, the value and what is allowed. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

export interface Target {
  readonly desiredReplicas: number;
  readonly replicas: number;
  readonly current: {
    readonly hash: string;
    readonly images: readonly string[];
    readonly readyReplicas: number;
  } | null;
  /** Revisions whose template still exists: a primary can be made from these. */
  readonly revisions: readonly string[];
  readonly images: readonly string[];
  readonly paused: boolean;
  readonly notReadyReason: string | null;
}

export interface Primary {
  readonly desiredReplicas: number;
  readonly readyReplicas: number;
  readonly isRolledOut: boolean;
  readonly revision: string | null;
  readonly images: readonly string[];
  readonly notReadyReason: string | null;
}

export interface TrafficView {
  readonly canaryWeight: number;
  readonly shadowPercent: number;
  /** The routes by match stand, before the weighted one (api/reserved-match.ts). */
  readonly reserved: boolean;
}

export type RoutingView =
  | { readonly kind: "missing"; readonly problem?: string }
  | {
      readonly kind: "present";
      readonly traffic: TrafficView;
      readonly inSync: boolean;
      readonly drift?: string;
      readonly uneven?: string;
      readonly problem?: string;
      readonly changedBy?: string;
    };

export interface ServiceView {
  readonly exists: boolean;
  readonly pinnedHash: string | null;
  readonly selects: "target" | "primary" | "other" | "nothing";
  readonly readyEndpoints: number;
  /** It is as the spec wants it (ports, selector). */
  readonly inSync: boolean;
  readonly changedBy?: string;
}

export interface ServicesView {
  readonly apex: ServiceView;
  readonly primary: ServiceView;
  readonly canary: ServiceView;
}

/** What the shell brings back for an Ask. */
export type Observation = {
  readonly kind: "evidence";
  /** How much time each row covers. */
  readonly intervalMs: number;
  /** Oldest first. */
  readonly rows: readonly EvidenceRow[];
};

/** Settings of the controller that decisions depend on. */
export interface CoreSettings {
  /** From "the routing object says 0" until pods may go, at least: proxies learn of it, requests under way end. */
  readonly drainMs: number;
  /** At most so long after weight 0 do pods stay because requests are still seen to arrive. */
  readonly drainMaxMs: number;
  /** How long pods are ready before they get requests: proxies learn their addresses meanwhile. */
  readonly settleMs: number;
  /** How long a step's hold waits at most for its weight to show in the metrics. */
  readonly splitWaitMs: number;
  /** How often totals and numbers in the status are refreshed while nothing else changes. */
  readonly statusRefreshMs: number;
}
