import type { PodFacts } from "../api/pod-facts.ts";
import type { Rollout } from "../api/rollout.ts";
import { OperationError } from "../lib/errors.ts";

/** The pods of one revision of a workload, as its ReplicaSet and pods tell. */
export interface RevisionState {
  /** pod-template-hash: names the revision everywhere. */
  readonly hash: string;
  readonly images: readonly string[];
  readonly replicas: number;
  readonly readyReplicas: number;
}

/** The user's workload. */
export interface TargetState {
  readonly uid: string;
  /** Replicas asked for. */
  readonly desiredReplicas: number;
  /** Pods that exist, of any revision. */
  readonly replicas: number;
  /**
   * The revision whose template equals the target's; null until the workload controller has made its ReplicaSet (or
   * while the Deployment is paused). During a run null means: the template has just changed.
   */
  readonly current: RevisionState | null;
  /** Revisions whose ReplicaSet still exists: what `createPrimary` and `promote` can be asked for. */
  readonly revisions: readonly string[];
  readonly images: readonly string[];
  readonly paused: boolean;
  /** Why pods are not ready, in one sentence with numbers; null when all that are wanted are ready. */
  readonly notReadyReason: string | null;
  /** Labels that select its pods, pod-template-hash apart. */
  readonly selector: Readonly<Record<string, string>>;
}

/** Our copy of it, which serves. */
export interface PrimaryState {
  readonly desiredReplicas: number;
  readonly readyReplicas: number;
  /** All wanted pods run the template that the primary has now and are available, and no older pod is left. */
  readonly isRolledOut: boolean;
  /** Which analysed revision its template was taken from (our annotation). */
  readonly revision: string | null;
  readonly images: readonly string[];
  readonly notReadyReason: string | null;
  readonly selector: Readonly<Record<string, string>>;
}

/** Why a target cannot be released, in one sentence that names the field, the value and what is allowed. */
export interface TargetProblem {
  readonly field: string;
  readonly message: string;
}

export interface Workloads {
  /** null: the target does not exist. */
  readonly target: TargetState | null;
  readonly primary: PrimaryState | null;
  readonly problem: TargetProblem | null;
  /** Labels that select the pods of each side, also before there is a primary; null when neither side tells. */
  readonly selectors: {
    readonly target: Readonly<Record<string, string>>;
    readonly primary: Readonly<Record<string, string>>;
  } | null;
  readonly pods: PodFacts;
}

/** The ReplicaSet that was analysed is gone (deleted, or beyond revisionHistoryLimit): its template is lost. */
export class RevisionGoneError extends OperationError {
  readonly code = "RevisionGone";
}

/** The workload that is to be changed does not exist, or is not ours to change. */
export class WorkloadUnavailableError extends OperationError {
  readonly code = "WorkloadUnavailable";
}

/**
 * The target and its primary. Methods are idempotent and write only on change. `promote` and `createPrimary` take the
 * template from the ReplicaSet of the named revision, never from the target: what was analysed is what serves.
 * They reject with RevisionGoneError when that ReplicaSet is no longer there.
 */
export interface Workload {
  /** Reads caches only. */
  observe(rollout: Rollout): Workloads;
  /** Makes the primary with the template of `revision` where there is none. Never touches an existing one. */
  createPrimary(
    rollout: Rollout,
    options: { readonly revision: string; readonly replicas: number },
  ): Promise<void>;
  /** Gives the primary the template of `revision`, surging so that its capacity never falls. */
  promote(rollout: Rollout, revision: string): Promise<void>;
  /** Gives the primary back the template of the revision that it ran before (from its own ReplicaSets). */
  revertPrimary(rollout: Rollout, revision: string): Promise<void>;
  scaleTarget(rollout: Rollout, replicas: number): Promise<void>;
  scalePrimary(rollout: Rollout, replicas: number): Promise<void>;
  deletePrimary(rollout: Rollout): Promise<void>;
}
