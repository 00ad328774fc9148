import type { CommandName } from "../../api/command.ts";
import type { Stage } from "../../api/status.ts";
import type { PrometheusFault } from "../../sim/prometheus/fault.ts";
import type { ImageEntry } from "../../sim/scenario/image-schema.ts";
import type { InboxBehaviour } from "./inbox.ts";
import type { Cut } from "./line.ts";
import type { NetworkFaults } from "./network-faults.ts";

/** Everything that a run does to the controller, as data: drawn from a seed, printed, played. */
export interface Plan {
  readonly seed: number;
  readonly rollouts: readonly PlannedRollout[];
  readonly images: Readonly<Record<string, ImageEntry>>;
  /** Each Rollout gets one new image and nothing else, once it is adopted: how it ends does not depend on time. */
  readonly isCalm: boolean;
  /** In order of time. */
  readonly moves: readonly Move[];
  readonly faults: Faults;
}

export interface PlannedRollout {
  readonly name: string;
  readonly replicas: number;
  /** Requests a second to its apex host. */
  readonly rps: number;
  /** Requests a second with the header of testers (versions of `spec` may reserve them for the canary). */
  readonly testersRps: number;
  /** The spec, as a user writes it. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Something that a person (or a cluster) does. `atMs` counts from when the Rollouts were applied. */
export type Move = {
  readonly atMs: number;
  readonly rollout: string;
  /** Not before the Rollout's run is in this stage; never, when it does not come to be until faults end. */
  readonly onceIn?: Stage;
} & (
  | { readonly kind: "image"; readonly image: string }
  | { readonly kind: "command"; readonly command: CommandName }
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "suspend"; readonly value: boolean }
  | { readonly kind: "editHolds"; readonly hold: string }
  /** A spec that the API server takes and Sluice refuses, or the same spec set right. */
  | { readonly kind: "misspell"; readonly isRight: boolean }
  /** `kubectl replace`: what others have put into its metadata is gone. */
  | { readonly kind: "replace" }
  | { readonly kind: "losePods"; readonly side: "target" | "primary" }
  | {
      readonly kind: "autoscale";
      readonly side: "target" | "primary";
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "delete"; readonly what: Deletable }
  | { readonly kind: "recreate"; readonly what: "target" | "rollout" }
);

export const DELETABLES = [
  "target",
  "primary",
  "apexService",
  "primaryService",
  "canaryService",
  "virtualService",
  "rollout",
] as const;

export type Deletable = (typeof DELETABLES)[number];

/** Classes of faults; each run turns some of them off (swarm testing, Groce et al., ISSTA 2012). */
export interface Faults {
  /** From when the controller starts until all faults end. */
  readonly network: NetworkFaults;
  /** Chance of dying at any one await. */
  readonly killRate: number;
  /** The process stays away for up to so long. */
  readonly awayMs: number;
  /** Two controllers share a Lease. */
  readonly twoControllers: boolean;
  /** Times from which a controller's line waits for a write to be cut by. */
  readonly cuts: readonly Cut[];
  /** Times at which the leader is frozen, the Lease stolen or deleted. */
  readonly upheavals: readonly Upheaval[];
  readonly prometheus: readonly {
    readonly fromMs: number;
    readonly toMs: number;
    readonly fault: PrometheusFault;
  }[];
  readonly meshDelayMs: number;
  /** The place that notifications go to. */
  readonly inbox: InboxBehaviour;
  /** Whom gates ask: what it does until all faults end. Then it says yes to everything. */
  readonly webhooks: WebhookBehaviour;
  /** One of two nodes is cut off; none: there is one node, and it works. */
  readonly nodeFailures: readonly { readonly atMs: number; readonly forMs: number }[];
  /** Objects of Git are put back so often; 0: never. */
  readonly gitOpsEveryMs: number;
  /** When all faults end. */
  readonly endMs: number;
}

export type WebhookBehaviour = "answers" | "refuses" | "fails" | "hangs" | "slow";

export interface Upheaval {
  readonly atMs: number;
  readonly kind: "freeze" | "steal" | "deleteLease" | "clockJump";
  /** How long it is frozen, or by how much the clock is set forward (back: negative). */
  readonly forMs: number;
}

/** Names of the classes of faults that a plan has; what is printed. */
export function faultClasses(faults: Faults): readonly string[] {
  const { network } = faults;
  const classes: readonly (readonly [string, boolean])[] = [
    ["api-errors", network.errorRate > 0],
    ["lost-requests", network.lostRate > 0],
    ["lost-answers", network.lostAnswerRate > 0],
    ["latency", network.latencyMs > 0],
    ["stale-caches", network.watchLagMs > 0],
    ["repeated-events", network.watchRepeatRate > 0],
    ["ending-watches", network.watchEndRate > 0],
    ["hanging-watches", network.watchHangRate > 0],
    ["gone", network.watchGoneRate > 0],
    ["cuts", faults.cuts.length > 0],
    ["kills", faults.killRate > 0],
    ["two-controllers", faults.twoControllers],
    ...faults.upheavals.map(({ kind }) => [kind, true] as const),
    ...faults.prometheus.map(({ fault }) => [`metrics-${fault.kind}`, true] as const),
    ["mesh-lag", faults.meshDelayMs > 1_000],
    ["gitops", faults.gitOpsEveryMs > 0],
    ["node-failures", faults.nodeFailures.length > 0],
    [`webhooks-${faults.webhooks}`, faults.webhooks !== "answers"],
    [`inbox-${faults.inbox}`, faults.inbox !== "takes"],
  ];
  return [...new Set(classes.filter(([, isOn]) => isOn).map(([name]) => name))];
}

/** A watch may say nothing any more; it is found out after its idle limit (90 s) and a sixth. */
export function mayHang({ network, cuts }: Faults): boolean {
  return network.watchHangRate > 0 || cuts.length > 0;
}

/** Nothing keeps a controller from seeing and acting at once. */
export function isHealthy({ network, cuts, killRate, twoControllers, upheavals }: Faults): boolean {
  return (
    network.errorRate + network.lostRate + network.lostAnswerRate + network.latencyMs === 0 &&
    network.watchLagMs + network.watchHangRate + network.watchEndRate + network.watchGoneRate === 0 &&
    killRate === 0 &&
    !twoControllers &&
    cuts.length + upheavals.length === 0
  );
}

/** Requests in a second of a service that takes long to tell anything. */
export const FEW_RPS = 1;

/** A source that answers late answers all the same. */
export function isMetricsFault({ fault }: Faults["prometheus"][number]): boolean {
  return fault.kind !== "slow";
}

/**
 * Its end does not depend on faults. With several changes of the target it depends on time which of them are ever
 * released, without metrics there is no evidence, and a gate may be asked until its patience is over. A deadline may
 * pass while a silent watch makes the controller blind, its clock is set or pods are cut off: that rollback is safe, and
 * not the same end. And where requests are few it is chance whether there are enough of them in time.
 */
export function isComparable({ isCalm, faults, rollouts }: Plan): boolean {
  return (
    isCalm &&
    rollouts.every(({ rps }) => rps > FEW_RPS) &&
    faults.prometheus.length === 0 &&
    faults.gitOpsEveryMs === 0 &&
    !mayHang(faults) &&
    faults.nodeFailures.length === 0 &&
    !faults.upheavals.some(({ kind }) => kind === "clockJump") &&
    (faults.webhooks === "answers" || !rollouts.some(({ spec }) => "webhooks" in spec))
  );
}

/** By weights alone, and not by what requests look like. */
export function releasesByWeight({ spec }: PlannedRollout): boolean {
  const { istio } = spec["traffic"] as { readonly istio: object };
  return spec["steps"] !== undefined && Object.keys(istio).every((key) => key === "destinationRule");
}

/** Coarser than the playground's: half of all timers would be the mesh's. */
export const MESH_BATCH_MS = 500;
