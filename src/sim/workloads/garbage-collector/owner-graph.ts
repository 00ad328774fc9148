import type { KubeObject, OwnerReference } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";

export const FOREGROUND_FINALIZER = "foregroundDeletion";
export const ORPHAN_FINALIZER = "orphan";

/** An object as the garbage collector sees it: metadata only. */
export interface GraphNode {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export function uidOf(node: GraphNode): string {
  return node.object.metadata.uid ?? "";
}

export function ownersOf(node: GraphNode): readonly OwnerReference[] {
  return node.object.metadata.ownerReferences ?? [];
}

export function isBeingDeleted(node: GraphNode): boolean {
  return node.object.metadata.deletionTimestamp !== undefined;
}

/** It goes in the foreground: after the dependents that block it. */
export function isAwaitingDependents(node: GraphNode): boolean {
  return isBeingDeleted(node) && hasFinalizer(node, FOREGROUND_FINALIZER);
}

export function hasFinalizer(node: GraphNode, finalizer: string): boolean {
  return node.object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Who owns whom, by uid. Dependents are known even before, or without, their owner. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** The object that a dependent's reference means: of this kind and name, in the dependent's namespace or in none. */
  owner(reference: OwnerReference, dependent: GraphNode): GraphNode | undefined {
    const node = this.#nodes.get(reference.uid);
    if (node === undefined) return undefined;
    const { kind, metadata } = node.object;
    const isMeant =
      kind === reference.kind &&
      metadata.name === reference.name &&
      (metadata.namespace === undefined || metadata.namespace === dependent.object.metadata.namespace);
    return isMeant ? node : undefined;
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])]
      .map((dependent) => this.#nodes.get(dependent))
      .filter((node) => node !== undefined);
  }

  put(node: GraphNode): void {
    const uid = uidOf(node);
    this.#unlink(uid);
    this.#nodes.set(uid, node);
    for (const owner of ownersOf(node)) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
  }

  remove(uid: string): void {
    this.#unlink(uid);
    this.#nodes.delete(uid);
  }

  #unlink(uid: string): void {
    const node = this.#nodes.get(uid);
    for (const owner of node === undefined ? [] : ownersOf(node)) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
