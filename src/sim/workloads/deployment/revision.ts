import type { Deployment, ReplicaSet } from "../../kinds.ts";
import { boundsOf } from "./bounds.ts";

type Annotations = Readonly<Record<string, string>>;

export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** Annotations of a Deployment that are not handed down to its ReplicaSets. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

const MAX_HISTORY_CHARACTERS = 2_000;

/** The revision that a ReplicaSet last stood for; 0 when it has none. */
export function revisionOf(replicaSet: ReplicaSet): number {
  return Number.parseInt(replicaSet.metadata.annotations?.[REVISION] ?? "0", 10) || 0;
}

/** The revision that the new ReplicaSet gets: one more than any old one has. */
export function nextRevision(oldSets: readonly ReplicaSet[]): number {
  return Math.max(0, ...oldSets.map(revisionOf)) + 1;
}

/**
 * Annotations of the new ReplicaSet, from those it has: the Deployment's own, and the revision. A set that is used
 * again (a rollback) gets a higher revision and keeps its old one in revision-history, the oldest being dropped when
 * the text grows too long.
 */
export function revisionAnnotations(
  current: Annotations,
  deployment: Deployment,
  revision: number,
): Annotations {
  const handedDown = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !NOT_COPIED.has(key),
  );
  const merged: Annotations = { ...current, ...Object.fromEntries(handedDown) };
  const before = current[REVISION];
  if ((Number.parseInt(before ?? "0", 10) || 0) >= revision) return merged;
  const history = before === undefined ? {} : historyWith(current[REVISION_HISTORY], before);
  return { ...merged, ...history, [REVISION]: String(revision) };
}

function historyWith(history: string | undefined, revision: string): Annotations {
  const revisions = [...(history ? history.split(",") : []), revision];
  while (revisions.length > 1 && revisions.join(",").length > MAX_HISTORY_CHARACTERS) revisions.shift();
  return { [REVISION_HISTORY]: revisions.join(",") };
}

/** What the ReplicaSet was last scaled for; proportional scaling reads it back. */
export function scaleAnnotations(deployment: Deployment): Annotations {
  const { replicas } = deployment.spec;
  return {
    [DESIRED_REPLICAS]: String(replicas),
    [MAX_REPLICAS]: String(replicas + boundsOf(deployment).maxSurge),
  };
}

/** A whole number from an annotation; undefined when it is absent or none. */
export function numberAnnotation(replicaSet: ReplicaSet, key: string): number | undefined {
  const value = Number.parseInt(replicaSet.metadata.annotations?.[key] ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}
