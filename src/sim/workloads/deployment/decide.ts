import type { EventText } from "../../../kube/event-object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import {
  DEPLOYMENTS,
  type Deployment,
  type DeploymentStatus,
  type Pod,
  type ReplicaSet,
} from "../../kinds.ts";
import { findCondition, withCondition } from "../conditions.ts";
import { normalEvent } from "../event.ts";
import { controllerReference } from "../owner.ts";
import { nextRevision, REVISION, revisionAnnotations, revisionOf, scaleAnnotations } from "./revision.ts";
import { newSetSize, recreateStep, rollingSizes, setsToForget, splitSets, withSizes } from "./rollout.ts";
import { isScaling, type Sizes, scaledSizes } from "./scale.ts";
import {
  allSets,
  countStatus,
  hasProgressDeadline,
  isComplete,
  progressCheckDelayMs,
  progressing,
  rolloutStatus,
  type Sets,
  sumOf,
} from "./status.ts";
import { isSameTemplate, POD_TEMPLATE_HASH, templateHash } from "./template-hash.ts";

export interface DeploymentInput {
  readonly deployment: Deployment;
  /** Those that it controls. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Pods by the uid of the ReplicaSet that controls them, terminating ones included. */
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

function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const { name, namespace } = deployment.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        ...revisionAnnotations({}, deployment, nextRevision(old)),
        ...scaleAnnotations(deployment),
      },
      ownerReferences: [controllerReference(DEPLOYMENTS, deployment)],
    },
    spec: {
      replicas: newSetSize(
        deployment,
        0,
        sumOf(old, (set) => set.spec.replicas),
      ),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The current set carries the highest revision, the Deployment's annotations and its minReadySeconds. */
function withRevision(deployment: Deployment, sets: Sets): Sets {
  if (sets.current === null) return sets;
  const annotations = revisionAnnotations(
    sets.current.metadata.annotations ?? {},
    deployment,
    nextRevision(sets.old),
  );
  const { minReadySeconds = 0, ...spec } = sets.current.spec;
  const wanted = deployment.spec.minReadySeconds ?? 0;
  return {
    old: sets.old,
    current: {
      ...sets.current,
      metadata: { ...sets.current.metadata, annotations },
      spec: minReadySeconds === wanted ? sets.current.spec : { ...spec, minReadySeconds: wanted },
    },
  };
}

/** The Deployment says which revision it runs, and that its ReplicaSet was found if nothing is known of progress. */
function withCurrentRevision(deployment: Deployment, sets: Sets, now: number): Deployment {
  const revision = sets.current?.metadata.annotations?.[REVISION];
  if (sets.current === null || revision === undefined) return deployment;
  const known = withAnnotation(deployment, REVISION, revision);
  if (findCondition(known.status?.conditions, "Progressing") !== undefined) return known;
  const message = `Found new replica set "${sets.current.metadata.name}"`;
  return withProgressing(known, progressing("True", "FoundNewReplicaSet", message), now);
}

function withAnnotation(deployment: Deployment, key: string, value: string): Deployment {
  if (deployment.metadata.annotations?.[key] === value) return deployment;
  const annotations = { ...deployment.metadata.annotations, [key]: value };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

function withProgressing(
  deployment: Deployment,
  condition: ReturnType<typeof progressing>,
  now: number,
): Deployment {
  if (!hasProgressDeadline(deployment)) return deployment;
  const conditions = withCondition(deployment.status?.conditions ?? [], condition, now);
  return { ...deployment, status: { ...deployment.status, conditions } };
}

/** Pausing stops the clock of the progress deadline, resuming starts it again; a deadline that has passed stays. */
function withPausedCondition(deployment: Deployment, now: number): Deployment {
  const condition = findCondition(deployment.status?.conditions, "Progressing");
  if (condition?.reason === "ProgressDeadlineExceeded") return deployment;
  const saysPaused = condition?.reason === "DeploymentPaused";
  const isPaused = deployment.spec.paused === true;
  if (isPaused === saysPaused) return deployment;
  return withProgressing(
    deployment,
    isPaused
      ? progressing("Unknown", "DeploymentPaused", "Deployment is paused")
      : progressing("Unknown", "DeploymentResumed", "Deployment is resumed"),
    now,
  );
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
