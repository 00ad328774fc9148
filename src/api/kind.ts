/** Metadata of a Rollout as far as we use it. Structurally a kube/ KubeObject, which api may not import. */
export interface KubeObjectLike {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly unknown[];
  };
}

export const ROLLOUT_GROUP = "sluice.dev";
export const ROLLOUT_VERSION = "v1alpha1";
export const ROLLOUT_KIND = "Rollout";
export const ROLLOUT_PLURAL = "rollouts";

/** Default field manager of everything the controller writes. */
export const FIELD_MANAGER = "sluice";
