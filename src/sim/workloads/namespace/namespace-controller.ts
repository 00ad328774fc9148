import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { Namespace } from "../../../kube/kind/cluster.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { EVENT, NAMESPACE } from "../../../kube/resources.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { isoTime } from "../../../lib/time.ts";
import type { Controller } from "../controller.ts";
import type { MetadataCaches } from "../metadata-caches.ts";
import { deleteExactly } from "../writes.ts";
import { deletionConditions, type NamespaceCondition, type Remainder } from "./content.ts";

export interface NamespaceControllerOptions {
  readonly namespaces: Cache<Namespace>;
  readonly metadata: MetadataCaches;
  readonly client: Client;
  readonly clock: Clock;
}

/** Empties namespaces that are being deleted, and lets them go when nothing is left in them. */
export class NamespaceController implements Controller {
  readonly name = "namespace-controller";
  readonly #options: NamespaceControllerOptions;

  constructor(options: NamespaceControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { namespaces, metadata } = this.#options;
    namespaces.subscribe(({ new: current }) => {
      if (current !== undefined && isTerminating(current)) enqueue(current.metadata.name);
    });
    metadata.subscribe((_, change) => {
      const { namespace } = change.key;
      if (namespace === undefined) return;
      const known = namespaces.get({ name: namespace });
      if (known !== undefined && isTerminating(known)) enqueue(namespace);
    });
  }

  async reconcile(name: string): Promise<null> {
    const namespace = this.#options.namespaces.get({ name });
    if (namespace === undefined || !isTerminating(namespace)) return null;
    await this.#empty(name);
    const remainders = await this.#remaindersIn(name);
    if (remainders.length === 0) await this.#release(namespace);
    else await this.#report(namespace, remainders);
    return null;
  }

  async #empty(name: string): Promise<void> {
    const { client, metadata } = this.#options;
    for (const { resource, cache } of metadata.list()) {
      if (!resource.namespaced) continue;
      for (const object of cache.list(name)) {
        if (object.metadata.deletionTimestamp === undefined) await deleteExactly(client, resource, object);
      }
    }
  }

  /** Asked of the server: neither what was just deleted nor what was made a moment ago may mislead. */
  async #remaindersIn(name: string): Promise<readonly Remainder[]> {
    const remainders: Remainder[] = [];
    for (const { resource } of this.#options.metadata.list()) {
      if (!resource.namespaced) continue;
      const { items } = await this.#options.client.list(resource, { namespace: name });
      if (items.length > 0) remainders.push({ resource, objects: items });
    }
    return remainders;
  }

  /** Events go last: those about the end of the rest have come until then. */
  async #release(namespace: Namespace): Promise<void> {
    const { client } = this.#options;
    const { name } = namespace.metadata;
    const events = await client.list(EVENT, { namespace: name });
    for (const event of events.items) await deleteExactly(client, EVENT, event);
    const finalizers = finalizersOf(namespace).filter((it) => it !== "kubernetes");
    const released: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers } };
    await client.update(NAMESPACE, released, { subresource: "finalize" });
  }

  async #report(namespace: Namespace, remainders: readonly Remainder[]): Promise<void> {
    const { client, clock } = this.#options;
    const before = (namespace.status?.["conditions"] ?? []) as readonly NamespaceCondition[];
    const conditions = deletionConditions(remainders, before, isoTime(clock.now()));
    if (isDeepEqual(conditions, before)) return;
    const status = { ...namespace.status, conditions };
    await client.update<Namespace>(NAMESPACE, { ...namespace, status }, { subresource: "status" });
  }
}

function isTerminating(namespace: KubeObject): boolean {
  return namespace.metadata.deletionTimestamp !== undefined && finalizersOf(namespace).includes("kubernetes");
}

function finalizersOf(namespace: Namespace): readonly string[] {
  return (namespace.spec?.["finalizers"] ?? []) as readonly string[];
}
