import { Cache, type Change } from "../../kube/cache.ts";
import type { CacheSetOptions } from "../../kube/cache-set.ts";
import type { Client } from "../../kube/client.ts";
import type { CustomResourceDefinition } from "../../kube/kind/cluster.ts";
import type { KubeObject } from "../../kube/object.ts";
import { Reflector } from "../../kube/reflector.ts";
import { type Resource, resourceText } from "../../kube/resource.ts";
import { CUSTOM_RESOURCE_DEFINITION } from "../../kube/resources.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";

export interface MetadataCachesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger?: Logger | undefined;
  readonly reflector?: CacheSetOptions["reflector"];
  /** Built-in resources; custom ones are found through their definitions. */
  readonly resources: readonly Resource[];
}

export interface MetadataCache {
  readonly resource: Resource;
  readonly cache: Cache<KubeObject>;
}

type MetadataHandler = (resource: Resource, change: Change<KubeObject>) => void;

interface Watched extends MetadataCache {
  readonly reflector: Reflector<KubeObject>;
}

/** The metadata of everything: what garbage collection and the deletion of namespaces need to know. */
export class MetadataCaches {
  readonly #options: MetadataCachesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #reflector: Reflector<CustomResourceDefinition>;
  readonly #handlers: MetadataHandler[] = [];
  readonly #ending = new Set<Promise<void>>();

  constructor(options: MetadataCachesOptions) {
    const { client, clock, random, logger = silentLogger, reflector } = options;
    const cache = new Cache(CUSTOM_RESOURCE_DEFINITION);
    this.#options = options;
    this.#reflector = new Reflector({ client, cache, clock, random, logger, ...reflector });
    cache.subscribe(({ old, new: current }) => {
      if (old !== undefined && !isServed(current)) this.#remove(storedResource(old));
      if (current !== undefined && isServed(current)) this.#add(storedResource(current)).reflector.start();
    });
    for (const resource of options.resources) this.#add(resource);
  }

  /** Hears of every change of every object, of resources that come later as well. */
  subscribe(handler: MetadataHandler): void {
    this.#handlers.push(handler);
  }

  list(): readonly MetadataCache[] {
    return [...this.#watched.values()];
  }

  /** The resource of a kind as an owner reference names it. */
  findKind(apiVersion: string, kind: string): Resource | undefined {
    const group = groupOf(apiVersion);
    return this.list()
      .map(({ resource }) => resource)
      .find((resource) => resource.kind === kind && resource.group === group);
  }

  async start(): Promise<void> {
    this.#reflector.start();
    await this.#reflector.synced();
    for (const { reflector } of this.#watched.values()) reflector.start();
    await Promise.all([...this.#watched.values()].map(({ reflector }) => reflector.synced()));
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
    await Promise.all([...this.#watched.values()].map(({ reflector }) => reflector.stop()));
    await Promise.all(this.#ending);
  }

  #add(resource: Resource): Watched {
    const name = resourceText(resource);
    const known = this.#watched.get(name);
    if (known !== undefined) return known;
    const { client, clock, random, logger = silentLogger, reflector } = this.#options;
    const cache = new Cache<KubeObject>(resource, { transform: metadataOnly });
    const watched = {
      resource,
      cache,
      reflector: new Reflector({ client, cache, clock, random, logger, ...reflector }),
    };
    this.#watched.set(name, watched);
    cache.subscribe((change) => {
      for (const handler of this.#handlers) handler(resource, change);
    });
    return watched;
  }

  #remove(resource: Resource): void {
    const watched = this.#watched.get(resourceText(resource));
    if (watched === undefined) return;
    this.#watched.delete(resourceText(resource));
    const ending = watched.reflector.stop();
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}

function metadataOnly(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}

function isServed(definition: CustomResourceDefinition | undefined): boolean {
  return (
    definition?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ??
    false
  );
}

function storedResource({ spec }: CustomResourceDefinition): Resource {
  const version = spec.versions.find(({ storage, served }) => storage && served) ?? spec.versions[0];
  return {
    group: spec.group,
    version: version?.name ?? "v1",
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === "Namespaced",
  };
}

/** `apps` of `apps/v1`, "" of `v1`. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}
