import type { Resource } from "../../kube/resource.ts";
import type { JsonSchema } from "./custom/json-schema.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** `deployments/scale` and the like, as discovery lists them. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** Of the body that it speaks; absent: that of its resource. */
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly kind: string;
}

/** Where `/scale` finds its numbers, as JSON paths such as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string | undefined;
}

/** additionalPrinterColumns of a CustomResourceDefinition. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority?: number;
}

/** One served version of a resource: everything that routing, discovery and storage need to know about it. */
export interface ResourceDefinition extends Resource {
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly SubresourceDefinition[];
  /** Present when the resource has a scale subresource. */
  readonly scale?: ScalePaths | undefined;
  /** Versions with the same text share their objects: `events` of both groups, all versions of an autoscaler. */
  readonly storage: string;
  /** apiVersion of the stored objects, for example `v1` of all Events. */
  readonly storedApiVersion: string;
  /** Comes from a CustomResourceDefinition. */
  readonly custom: boolean;
  /** Custom resources only: the structural schema, the printer columns, and the paths that field selectors may use. */
  readonly schema?: JsonSchema | undefined;
  readonly printerColumns: readonly PrinterColumn[];
  readonly selectableFields: readonly string[];
}

/** The group of the stored version: what violations are reported of. */
export function storedGroup({ storedApiVersion }: ResourceDefinition): string {
  return storedApiVersion.includes("/") ? (storedApiVersion.split("/")[0] ?? "") : "";
}

/** The resources that the server serves at the moment. Definitions appear and go with their CustomResourceDefinitions. */
export class Registry {
  readonly #byPath = new Map<string, ResourceDefinition>();
  #revision = 0;

  constructor(definitions: Iterable<ResourceDefinition>) {
    for (const definition of definitions) this.add(definition);
  }

  /** Rises with every change; for caches of discovery documents. */
  get revision(): number {
    return this.#revision;
  }

  /** Adds a definition, or replaces the one of the same group, version and plural. */
  add(definition: ResourceDefinition): void {
    this.#byPath.set(pathOf(definition), definition);
    this.#revision += 1;
  }

  remove(definition: Pick<Resource, "group" | "version" | "plural">): void {
    if (this.#byPath.delete(pathOf(definition))) this.#revision += 1;
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(pathOf({ group, version, plural }));
  }

  findKind(group: string, version: string, kind: string): ResourceDefinition | undefined {
    for (const definition of this.#byPath.values()) {
      if (definition.group === group && definition.version === version && definition.kind === kind)
        return definition;
    }
    return undefined;
  }

  /** In the order of registration: built-in resources first. */
  list(): readonly ResourceDefinition[] {
    return [...this.#byPath.values()];
  }

  /** Versions of a group by priority, the preferred one first; empty for a group that is not served. */
  versionsOf(group: string): readonly string[] {
    const versions = new Set<string>();
    for (const definition of this.#byPath.values())
      if (definition.group === group) versions.add(definition.version);
    return [...versions].sort(compareVersions);
  }
}

function pathOf(resource: Pick<Resource, "group" | "version" | "plural">): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

/**
 * Kubernetes' order of API versions: stable before beta before alpha, the newer first, others last by name
 * (k8s.io/apimachinery/pkg/version, CompareKubeAwareVersionStrings).
 */
export function compareVersions(a: string, b: string): number {
  const left = rankOf(a);
  const right = rankOf(b);
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a.localeCompare(b, "en");
}

const STABILITY: Readonly<Record<string, number>> = { alpha: 1, beta: 2 };

/** Stability, major, minor; the greater comes first. */
function rankOf(version: string): readonly [number, number, number] {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const [, major, stability, minor] = match;
  return [stability === undefined ? 3 : (STABILITY[stability] ?? 0), Number(major), Number(minor ?? 0)];
}
