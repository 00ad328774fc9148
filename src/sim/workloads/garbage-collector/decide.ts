import {
  FOREGROUND_FINALIZER,
  type GraphNode,
  hasFinalizer,
  isAwaitingDependents,
  isBeingDeleted,
  ORPHAN_FINALIZER,
  ownersOf,
  uidOf,
} from "./owner-graph.ts";

/** An owner, seen from its dependent: it stays, it waits for its dependents to go, it is gone, or nobody can tell. */
export type OwnerState = "solid" | "waiting" | "absent" | "unknown";

export type Collection =
  | { readonly kind: "keep" }
  /** Owners that are no more, or that go, are struck off an object that has others. */
  | { readonly kind: "dropOwners"; readonly uids: ReadonlySet<string> }
  | { readonly kind: "delete"; readonly propagation: "Background" | "Foreground" | "Orphan" }
  /** Its dependents lose their reference to it, then the finalizer goes. */
  | { readonly kind: "orphan"; readonly dependents: readonly GraphNode[] }
  /** The dependents that block it, of which those that are not going yet are to be looked at. */
  | { readonly kind: "awaitDependents"; readonly blocking: readonly GraphNode[] };

/**
 * What the garbage collector does with an object (kube-controller-manager, pkg/controller/garbagecollector:
 * attemptToDeleteItem, attemptToOrphan). `stateOf` tells of the owners by uid.
 */
export function collect(
  node: GraphNode,
  dependents: readonly GraphNode[],
  stateOf: (ownerUid: string) => OwnerState,
): Collection {
  if (isBeingDeleted(node)) return finish(node, dependents);
  const uids = ownersOf(node).map((owner) => owner.uid);
  const inState = (state: OwnerState) => uids.filter((uid) => stateOf(uid) === state);
  if (uids.length === 0 || inState("unknown").length > 0) return { kind: "keep" };
  const going = [...inState("absent"), ...inState("waiting")];
  if (going.length === 0) return { kind: "keep" };
  if (going.length < uids.length) return { kind: "dropOwners", uids: new Set(going) };
  if (inState("waiting").length > 0 && dependents.length > 0) {
    return { kind: "delete", propagation: "Foreground" };
  }
  return { kind: "delete", propagation: propagationOf(node) };
}

function finish(node: GraphNode, dependents: readonly GraphNode[]): Collection {
  if (hasFinalizer(node, ORPHAN_FINALIZER)) return { kind: "orphan", dependents };
  if (!isAwaitingDependents(node)) return { kind: "keep" };
  const blocking = dependents.filter((dependent) =>
    ownersOf(dependent).some((owner) => owner.uid === uidOf(node) && owner.blockOwnerDeletion === true),
  );
  return { kind: "awaitDependents", blocking };
}

function propagationOf(node: GraphNode): "Background" | "Foreground" | "Orphan" {
  if (hasFinalizer(node, ORPHAN_FINALIZER)) return "Orphan";
  return hasFinalizer(node, FOREGROUND_FINALIZER) ? "Foreground" : "Background";
}
