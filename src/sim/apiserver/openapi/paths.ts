import type { JsonObject } from "../json-object.ts";
import type { ResourceDefinition, SubresourceDefinition, Verb } from "../registry.ts";
import { builtinDefinitionName } from "./builtin-definitions.ts";
import { customDefinitionName } from "./custom-definitions.ts";

/** How a verb shows in OpenAPI: on which path, by which method, named how. */
interface Operation {
  readonly verb: Verb;
  readonly on: "collection" | "object";
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly action: string;
  readonly prefix: string;
  readonly parameters: readonly string[];
}

const OPERATIONS: readonly Operation[] = [
  { verb: "list", on: "collection", method: "get", action: "list", prefix: "list", parameters: ["list"] },
  {
    verb: "create",
    on: "collection",
    method: "post",
    action: "post",
    prefix: "create",
    parameters: ["write"],
  },
  {
    verb: "deletecollection",
    on: "collection",
    method: "delete",
    action: "deletecollection",
    prefix: "delete",
    parameters: ["list", "delete"],
  },
  { verb: "get", on: "object", method: "get", action: "get", prefix: "read", parameters: [] },
  { verb: "update", on: "object", method: "put", action: "put", prefix: "replace", parameters: ["write"] },
  {
    verb: "delete",
    on: "object",
    method: "delete",
    action: "delete",
    prefix: "delete",
    parameters: ["delete"],
  },
  {
    verb: "patch",
    on: "object",
    method: "patch",
    action: "patch",
    prefix: "patch",
    parameters: ["write", "force"],
  },
];

/** Query parameters; kubectl looks for fieldValidation and fieldManager here before it sends them. */
const PARAMETERS: Readonly<Record<string, readonly JsonObject[]>> = {
  list: [
    parameter("continue", "string"),
    parameter("fieldSelector", "string"),
    parameter("labelSelector", "string"),
    parameter("limit", "integer"),
    parameter("resourceVersion", "string"),
    parameter("resourceVersionMatch", "string"),
    parameter("sendInitialEvents", "boolean"),
    parameter("timeoutSeconds", "integer"),
    parameter("watch", "boolean"),
  ],
  write: [
    parameter("dryRun", "string"),
    parameter("fieldManager", "string"),
    parameter("fieldValidation", "string"),
  ],
  force: [parameter("force", "boolean")],
  delete: [
    parameter("dryRun", "string"),
    parameter("gracePeriodSeconds", "integer"),
    parameter("propagationPolicy", "string"),
  ],
};

const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
];
const STRATEGIC = "application/strategic-merge-patch+json";

/** The `paths` of a group version's OpenAPI document. */
export function openApiPaths(definitions: readonly ResourceDefinition[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const definition of definitions) {
    const root = rootOf(definition);
    const scope = definition.namespaced ? `${root}/namespaces/{namespace}` : root;
    const collection = `${scope}/${definition.plural}`;
    paths[collection] = operationsOf(definition, "collection");
    paths[`${collection}/{name}`] = operationsOf(definition, "object");
    for (const subresource of definition.subresources)
      paths[`${collection}/{name}/${subresource.name}`] = subresourceOperations(definition, subresource);
    if (definition.namespaced && definition.verbs.includes("list"))
      paths[`${root}/${definition.plural}`] = { get: listEverywhere(definition) };
  }
  return Object.fromEntries(Object.entries(paths).filter(([, item]) => Object.keys(item).length > 0));
}

function rootOf(definition: ResourceDefinition): string {
  return definition.group === ""
    ? `/api/${definition.version}`
    : `/apis/${definition.group}/${definition.version}`;
}

function operationsOf(definition: ResourceDefinition, on: Operation["on"]): JsonObject {
  const operations = OPERATIONS.filter(
    (operation) => operation.on === on && definition.verbs.includes(operation.verb),
  );
  return Object.fromEntries(
    operations.map((operation) => {
      const collection = operation.verb === "deletecollection" ? "Collection" : "";
      return [operation.method, describe(definition, operation, { infix: collection, suffix: "" })];
    }),
  );
}

function subresourceOperations(
  definition: ResourceDefinition,
  subresource: SubresourceDefinition,
): JsonObject {
  const suffix = pascal(subresource.name);
  const operations = subresource.verbs.flatMap((verb) =>
    OPERATIONS.filter(
      (operation) => operation.verb === verb && (operation.on === "object" || verb === "create"),
    ),
  );
  const kind =
    subresource.group === undefined || definition.custom
      ? definition
      : { group: subresource.group, version: subresource.version ?? "", kind: subresource.kind };
  return Object.fromEntries(
    operations.map((operation) => [
      operation.method,
      describe(definition, operation, { infix: "", suffix, kind }),
    ]),
  );
}

function listEverywhere(definition: ResourceDefinition): JsonObject {
  const operation = OPERATIONS.find(({ verb }) => verb === "list") as Operation;
  return {
    ...describe(definition, operation, { infix: "", suffix: "" }),
    operationId: `list${groupText(definition)}${definition.kind}ForAllNamespaces`,
  };
}

function describe(
  definition: ResourceDefinition,
  operation: Operation,
  naming: {
    readonly infix: string;
    readonly suffix: string;
    /** Of the body, where it is not the resource's own. */
    readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  },
): JsonObject {
  const { group, version, kind } = naming.kind ?? definition;
  const scope = definition.namespaced ? "Namespaced" : "";
  const body = bodySchema(definition);
  return {
    operationId: `${operation.prefix}${groupText(definition)}${naming.infix}${scope}${definition.kind}${naming.suffix}`,
    parameters: operation.parameters.flatMap((set) => PARAMETERS[set] ?? []),
    ...requestBody(definition, operation, body),
    responses: { 200: { description: "OK", content: { "application/json": { schema: body } } } },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
}

function requestBody(definition: ResourceDefinition, operation: Operation, body: JsonObject): JsonObject {
  if (operation.method === "patch") {
    const types = definition.custom ? PATCH_TYPES : [...PATCH_TYPES, STRATEGIC];
    const schema = { $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Patch" };
    return {
      requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema }])), required: true },
    };
  }
  if (operation.method !== "post" && operation.method !== "put") return {};
  return { requestBody: { content: { "*/*": { schema: body } }, required: true } };
}

function bodySchema(definition: ResourceDefinition): JsonObject {
  const name = definition.custom
    ? customDefinitionName(definition)
    : builtinDefinitionName(definition.group, definition.version, definition.kind);
  return name === undefined ? { type: "object" } : { $ref: `#/components/schemas/${name}` };
}

/** `AppsV1`, `CoreV1`, `RbacAuthorizationV1`, `SluiceDevV1alpha1`: the group as operation names spell it. */
function groupText(definition: ResourceDefinition): string {
  const group = definition.group === "" ? "core" : definition.group;
  const words = (definition.custom ? group : group.replace(/\.k8s\.io$/, "")).split(".");
  return [...words, definition.version].map(pascal).join("");
}

function pascal(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function parameter(name: string, type: string): JsonObject {
  return { name, in: "query", schema: { type, uniqueItems: true } };
}
