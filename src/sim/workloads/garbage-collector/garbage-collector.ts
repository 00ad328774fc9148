import { isNotFound } from "../../../kube/api-error.ts";
import type { Change } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import { type KubeObject, keyOf, type OwnerReference } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import type { Controller } from "../controller.ts";
import type { MetadataCaches } from "../metadata-caches.ts";
import { deleteExactly, setOwners } from "../writes.ts";
import { collect, type OwnerState } from "./decide.ts";
import {
  FOREGROUND_FINALIZER,
  type GraphNode,
  isAwaitingDependents,
  isBeingDeleted,
  ORPHAN_FINALIZER,
  OwnerGraph,
  ownersOf,
  uidOf,
} from "./owner-graph.ts";

export interface GarbageCollectorOptions {
  readonly metadata: MetadataCaches;
  readonly client: Client;
}

/** Deletes what has lost its owners, and carries out foreground and orphaning deletions. Keys are uids. */
export class GarbageCollector implements Controller {
  readonly name = "garbage-collector";
  readonly #options: GarbageCollectorOptions;
  readonly #graph = new OwnerGraph();

  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (uid: string) => void): void {
    this.#options.metadata.subscribe((resource, change) => this.#learn(resource, change, enqueue));
  }

  async reconcile(uid: string): Promise<null> {
    const node = this.#graph.get(uid);
    if (node === undefined) return null;
    const states = new Map<string, OwnerState>();
    if (!isBeingDeleted(node)) {
      for (const owner of ownersOf(node)) states.set(owner.uid, await this.#stateOf(owner, node));
    }
    await this.#carryOut(node, states);
    return null;
  }

  #learn(resource: Resource, change: Change<KubeObject>, enqueue: (uid: string) => void): void {
    const before = change.old === undefined ? undefined : { resource, object: change.old };
    const after = change.new === undefined ? undefined : { resource, object: change.new };
    if (after !== undefined) this.#graph.put(after);
    else if (before !== undefined) this.#graph.remove(uidOf(before));
    for (const uid of this.#concerned(before, after)) enqueue(uid);
  }

  /** Whom a change makes worth looking at: usually nobody. */
  *#concerned(before: GraphNode | undefined, after: GraphNode | undefined): Iterable<string> {
    if (after === undefined) {
      if (before === undefined) return;
      for (const dependent of this.#graph.dependentsOf(uidOf(before))) yield uidOf(dependent);
      yield* this.#awaitingOwners(ownersOf(before));
      return;
    }
    if (before !== undefined && !hasMoved(before, after)) return;
    const isOrphaned = ownersOf(after).some((owner) => {
      const node = this.#graph.owner(owner, after);
      return node === undefined || isAwaitingDependents(node);
    });
    if (isOrphaned || isBeingDeleted(after)) yield uidOf(after);
    if (before !== undefined) yield* this.#awaitingOwners(ownersOf(before));
    if (isAwaitingDependents(after)) {
      for (const dependent of this.#graph.dependentsOf(uidOf(after))) yield uidOf(dependent);
    }
  }

  *#awaitingOwners(owners: readonly OwnerReference[]): Iterable<string> {
    for (const { uid } of owners) {
      const node = this.#graph.get(uid);
      if (node !== undefined && isAwaitingDependents(node)) yield uid;
    }
  }

  /** The graph may lag behind: that an owner is absent is asked of the server. */
  async #stateOf(reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    const known = this.#graph.owner(reference, dependent);
    if (known !== undefined) return isAwaitingDependents(known) ? "waiting" : "solid";
    const resource = this.#options.metadata.findKind(reference.apiVersion, reference.kind);
    if (resource === undefined) return "unknown";
    const namespace = resource.namespaced ? dependent.object.metadata.namespace : undefined;
    if (resource.namespaced && namespace === undefined) return "absent";
    try {
      const object = await this.#options.client.get(resource, { namespace, name: reference.name });
      if (object.metadata.uid !== reference.uid) return "absent";
      return isAwaitingDependents({ resource, object }) ? "waiting" : "solid";
    } catch (error) {
      if (isNotFound(error)) return "absent";
      throw error;
    }
  }

  async #carryOut(node: GraphNode, states: ReadonlyMap<string, OwnerState>): Promise<void> {
    const { client } = this.#options;
    const dependents = this.#graph.dependentsOf(uidOf(node));
    const collection = collect(node, dependents, (uid) => states.get(uid) ?? "solid");
    switch (collection.kind) {
      case "keep":
        return;
      case "dropOwners":
        await this.#dropOwners(node, collection.uids);
        return;
      case "delete":
        await this.#unblockCircle(collection.propagation, dependents);
        await deleteExactly(client, node.resource, node.object, { propagation: collection.propagation });
        return;
      case "orphan":
        for (const dependent of collection.dependents) {
          await this.#dropOwners(dependent, new Set([uidOf(node)]));
        }
        await this.#removeFinalizer(node, ORPHAN_FINALIZER);
        return;
      case "awaitDependents":
        if (collection.blocking.length === 0) await this.#removeFinalizer(node, FOREGROUND_FINALIZER);
    }
  }

  async #dropOwners(node: GraphNode, uids: ReadonlySet<string>): Promise<void> {
    const left = ownersOf(node).filter(({ uid }) => !uids.has(uid));
    await ignoringAbsence(setOwners(this.#options.client, node.resource, node.object, left));
  }

  /** Dependents that themselves wait in the foreground may wait for this one: then nobody must block. */
  async #unblockCircle(propagation: string, dependents: readonly GraphNode[]): Promise<void> {
    if (propagation !== "Foreground") return;
    for (const dependent of dependents.filter(isAwaitingDependents)) {
      const owners = ownersOf(dependent).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
      await ignoringAbsence(setOwners(this.#options.client, dependent.resource, dependent.object, owners));
    }
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const { uid, resourceVersion, finalizers = [] } = node.object.metadata;
    const left = finalizers.filter((it) => it !== finalizer);
    const body = { metadata: { uid, resourceVersion, finalizers: left.length === 0 ? null : left } };
    const patch = { type: "merge", body } as const;
    await ignoringAbsence(this.#options.client.patch(node.resource, keyOf(node.object), patch));
  }
}

function hasMoved(before: GraphNode, after: GraphNode): boolean {
  const told = ({ object: { metadata } }: GraphNode) => [
    metadata.ownerReferences ?? [],
    metadata.finalizers ?? [],
    metadata.deletionTimestamp,
  ];
  return !isDeepEqual(told(before), told(after));
}

async function ignoringAbsence(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
