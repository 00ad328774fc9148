import type { JsonObject } from "./json-object.ts";
import type { Registry, ResourceDefinition, SubresourceDefinition } from "./registry.ts";

/**
 * Groups in the order in which the server lists them (their priorities in kube-aggregator's autoregistration);
 * groups of custom resources follow by name.
 */
const GROUP_ORDER = [
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
];

/** `GET /api`. */
export function apiVersions(serverAddress: string): JsonObject {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

/** `GET /apis`. */
export function apiGroupList(registry: Registry): JsonObject {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groupNames(registry).map((group) => groupBody(registry, group)),
  };
}

/** `GET /apis/GROUP`; undefined when the group is not served. */
export function apiGroup(registry: Registry, group: string): JsonObject | undefined {
  if (group === "" || registry.versionsOf(group).length === 0) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupBody(registry, group) };
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`; undefined when the version is not served. */
export function apiResourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const definitions = definitionsOf(registry, group, version);
  if (definitions.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: definitions.flatMap((definition) => [
      resourceEntry(definition),
      ...definition.subresources.map((subresource) => subresourceEntry(definition, subresource)),
    ]),
  };
}

/** `GET /api` and `GET /apis` for clients that accept the aggregated form: everything in two requests. */
export function aggregatedDiscovery(registry: Registry, root: "api" | "apis"): JsonObject {
  const groups = root === "api" ? [""] : groupNames(registry);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === "" ? {} : { name: group },
      versions: registry.versionsOf(group).map((version) => ({
        version,
        resources: definitionsOf(registry, group, version).map(aggregatedEntry),
        freshness: "Current",
      })),
    })),
  };
}

/** The served groups but the core group, in the order of discovery. */
export function groupNames(registry: Registry): readonly string[] {
  const names = new Set(registry.list().map((definition) => definition.group));
  names.delete("");
  const rank = (name: string) => {
    const index = GROUP_ORDER.indexOf(name);
    return index < 0 ? GROUP_ORDER.length : index;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function definitionsOf(registry: Registry, group: string, version: string): readonly ResourceDefinition[] {
  return registry
    .list()
    .filter((definition) => definition.group === group && definition.version === version)
    .sort((a, b) => (a.plural < b.plural ? -1 : 1));
}

function groupBody(registry: Registry, group: string): JsonObject {
  const versions = registry
    .versionsOf(group)
    .map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceEntry(definition: ResourceDefinition): JsonObject {
  return {
    name: definition.plural,
    singularName: definition.singular,
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: definition.verbs,
    ...namesOf(definition),
  };
}

function subresourceEntry(definition: ResourceDefinition, subresource: SubresourceDefinition): JsonObject {
  return {
    name: `${definition.plural}/${subresource.name}`,
    singularName: "",
    namespaced: definition.namespaced,
    ...(subresource.group === undefined ? {} : { group: subresource.group, version: subresource.version }),
    kind: subresource.kind,
    verbs: subresource.verbs,
  };
}

function aggregatedEntry(definition: ResourceDefinition): JsonObject {
  const subresources = definition.subresources.map((subresource) => ({
    subresource: subresource.name,
    responseKind: responseKind(definition, subresource),
    verbs: subresource.verbs,
  }));
  return {
    resource: definition.plural,
    responseKind: responseKind(definition, { kind: definition.kind }),
    scope: definition.namespaced ? "Namespaced" : "Cluster",
    singularResource: definition.singular,
    verbs: definition.verbs,
    ...namesOf(definition),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** Built-in groups leave group and version empty where they are those of the list; custom ones repeat them. */
function responseKind(
  definition: ResourceDefinition,
  body: Pick<SubresourceDefinition, "group" | "version" | "kind">,
): JsonObject {
  const own = definition.custom
    ? { group: definition.group, version: definition.version }
    : { group: "", version: "" };
  return { group: body.group ?? own.group, version: body.version ?? own.version, kind: body.kind };
}

function namesOf(definition: ResourceDefinition): JsonObject {
  return {
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
  };
}
