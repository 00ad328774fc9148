import type { EventText } from "../../../kube/event-object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from "../../kinds.ts";
import { normalEvent } from "../event.ts";
import { withAnnotation, withCurrentRevision, withPausedCondition, withProgressing } from "./announce.ts";
import { newReplicaSet, withRevision } from "./current-set.ts";
import { REVISION, revisionOf, scaleAnnotations } from "./revision.ts";
import { recreateStep, rollingSizes, setsToForget, splitSets, withSizes } from "./rollout.ts";
import { isScaling, type Sizes, scaledSizes } from "./scale.ts";
import {
  allSets,
  countStatus,
  isComplete,
  progressCheckDelayMs,
  progressing,
  rolloutStatus,
  type Sets,
} from "./status.ts";
import { isSameTemplate } from "./template-hash.ts";

export interface DeploymentInput {
  readonly deployment: Deployment;
  /** Those that it controls. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Pods by the uid of the ReplicaSet that controls them, terminating ones included; only Recreate needs them. */
  readonly podsBySet: ReadonlyMap<string, readonly Pod[]>;
  readonly now: number;
}

/** What to write, in this order. Events are recorded once the writes before `status` are done. */
export interface DeploymentDecision {
  readonly create: ReplicaSet | null;
  /** Whole objects with the resourceVersion that they were decided on. */
  readonly updates: readonly ReplicaSet[];
  readonly deletes: readonly ReplicaSet[];
  readonly events: readonly EventText[];
  /** For the status subresource, which for Deployments takes annotations too; null: nothing has changed. */
  readonly status: Deployment | null;
  readonly requeueAfterMs: number | null;
}

/** Where a rollout stands after its next step. */
interface Step {
  readonly sets: Sets;
  readonly forget: readonly ReplicaSet[];
  readonly status: DeploymentStatus;
}

/** One pass of the Deployment controller (kube-controller-manager, pkg/controller/deployment). */
export function decideDeployment(input: DeploymentInput): DeploymentDecision {
  const deployment = withPausedCondition(input.deployment, input.now);
  const found = splitSets(input.replicaSets, (set) =>
    isSameTemplate(deployment.spec.template, set.spec.template),
  );
  if (deployment.metadata.deletionTimestamp !== undefined) {
    const status = countStatus(deployment, found, input.now);
    return decision(input, deployment, { sets: found, forget: [], status });
  }
  const sets = withRevision(deployment, found);
  const known = withCurrentRevision(deployment, sets, input.now);
  if (deployment.spec.paused === true || isScaling(known, sets)) {
    return decision(input, known, resize(known, sets, input.now));
  }
  return known.spec.strategy?.type === "Recreate"
    ? recreate(input, known, sets)
    : rollOut(input, known, sets);
}

function resize(deployment: Deployment, sets: Sets, now: number): Step {
  const resized = withSizes(sets, scaledSizes(deployment, sets));
  const forget = deployment.spec.paused === true ? setsToForget(deployment, sets.old, revisionOf) : [];
  return { sets: resized, forget, status: countStatus(deployment, resized, now) };
}

function rollOut(input: DeploymentInput, deployment: Deployment, sets: Sets): DeploymentDecision {
  if (sets.current === null) return startRevision(input, deployment, sets);
  return settle(input, deployment, sets, rollingSizes(deployment, sets.current, sets.old));
}

function recreate(input: DeploymentInput, deployment: Deployment, sets: Sets): DeploymentDecision {
  const step = recreateStep(sets, input.podsBySet);
  switch (step.kind) {
    case "scaleDown":
      return settle(input, deployment, sets, step.sizes);
    case "wait":
      return settle(input, deployment, sets, new Map());
    case "scaleUp":
      if (sets.current === null) return startRevision(input, deployment, sets);
      return settle(
        input,
        deployment,
        sets,
        new Map([[sets.current.metadata.name, deployment.spec.replicas]]),
      );
  }
}

/** Applies the sizes; only a rollout that was complete already forgets old revisions. */
function settle(
  input: DeploymentInput,
  deployment: Deployment,
  sets: Sets,
  sizes: Sizes,
): DeploymentDecision {
  const resized = withSizes(sets, sizes);
  const isDone = isComplete(deployment, deployment.status ?? {});
  const forget = isDone ? setsToForget(deployment, sets.old, revisionOf) : [];
  const status = rolloutStatus(deployment, resized, input.now);
  return decision(input, deployment, { sets: resized, forget, status });
}

/** A ReplicaSet for a template that none has yet. */
function startRevision(input: DeploymentInput, deployment: Deployment, sets: Sets): DeploymentDecision {
  const created = newReplicaSet(deployment, sets.old);
  const revision = created.metadata.annotations?.[REVISION] ?? "1";
  const message = `Created new replica set "${created.metadata.name}"`;
  const announced = withProgressing(
    withAnnotation(deployment, REVISION, revision),
    progressing("True", "NewReplicaSetCreated", message),
    input.now,
  );
  const next = { current: created, old: sets.old };
  const status = rolloutStatus(announced, next, input.now);
  return decision(input, announced, { sets: next, forget: [], status });
}

function decision(input: DeploymentInput, deployment: Deployment, step: Step): DeploymentDecision {
  const before = new Map(input.replicaSets.map((set) => [set.metadata.name, set]));
  const after = allSets(step.sets).map((set) => stamped(deployment, set, before.get(set.metadata.name)));
  const changed = after.filter((set) => !isDeepEqual(set, before.get(set.metadata.name)));
  const wanted: Deployment = { ...deployment, status: step.status };
  return {
    create: changed.find((set) => !before.has(set.metadata.name)) ?? null,
    updates: changed.filter((set) => before.has(set.metadata.name)),
    deletes: step.forget,
    events: changed.flatMap((set) => scalingEvent(before.get(set.metadata.name), set)),
    status: isSameState(wanted, input.deployment) ? null : wanted,
    requeueAfterMs: progressCheckDelayMs(deployment, step.status, input.now),
  };
}

/** A set that is resized remembers what for; so does an active one that keeps its size while others are scaled. */
function stamped(deployment: Deployment, set: ReplicaSet, before: ReplicaSet | undefined): ReplicaSet {
  if (before === undefined) return set;
  const isResized = before.spec.replicas !== set.spec.replicas;
  if (!isResized && !isScaling(deployment, { current: set, old: [] })) return set;
  const annotations = { ...set.metadata.annotations, ...scaleAnnotations(deployment) };
  return { ...set, metadata: { ...set.metadata, annotations } };
}

function scalingEvent(before: ReplicaSet | undefined, after: ReplicaSet): readonly EventText[] {
  const from = before?.spec.replicas ?? 0;
  const to = after.spec.replicas;
  if (from === to) return [];
  const direction = to > from ? "up" : "down";
  const message = `Scaled ${direction} replica set ${after.metadata.name} from ${from} to ${to}`;
  return [normalEvent("ScalingReplicaSet", message)];
}

function isSameState(a: Deployment, b: Deployment): boolean {
  return (
    isDeepEqual(a.status ?? {}, b.status ?? {}) &&
    isDeepEqual(a.metadata.annotations ?? {}, b.metadata.annotations ?? {})
  );
}
