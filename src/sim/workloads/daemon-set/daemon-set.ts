import type { DaemonSet as KubeDaemonSet } from "../../../kube/kind/workload.ts";
import type { KubeObject } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";
import { DAEMON_SET } from "../../../kube/resources.ts";

/** As stored. */
export interface DaemonSet extends KubeDaemonSet {
  readonly spec: KubeDaemonSet["spec"] & {
    readonly updateStrategy?: {
      readonly type?: "RollingUpdate" | "OnDelete";
      readonly rollingUpdate?: {
        readonly maxUnavailable?: number | string;
        readonly maxSurge?: number | string;
      };
    };
    readonly revisionHistoryLimit?: number;
  };
}

export type DaemonSetStatus = NonNullable<DaemonSet["status"]>;

/** A template of the past; `kubectl rollout history` and `undo` read it. */
export interface ControllerRevision extends KubeObject {
  readonly data?: unknown;
  readonly revision: number;
}

export const DAEMON_SETS = DAEMON_SET as Resource<DaemonSet>;

export const CONTROLLER_REVISIONS: Resource<ControllerRevision> = {
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  namespaced: true,
};

/** The label of pods and ControllerRevisions that tells which template they have. */
export const REVISION_HASH = "controller-revision-hash";
