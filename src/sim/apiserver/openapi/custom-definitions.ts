import type { JsonSchema } from "../custom/json-schema.ts";
import type { JsonObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import type { OpenApiSchema } from "./builtin-definitions.ts";

const API_CONVENTIONS =
  "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
const META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1";

const TYPE_META: Readonly<Record<string, OpenApiSchema>> = {
  apiVersion: {
    description: `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. ${API_CONVENTIONS}#resources`,
    type: "string",
  },
  kind: {
    description: `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. ${API_CONVENTIONS}#types-kinds`,
    type: "string",
  },
};

const OBJECT_META: OpenApiSchema = {
  description: `Standard object's metadata. ${API_CONVENTIONS}#metadata`,
  allOf: [{ $ref: `${META}.ObjectMeta` }],
};

/** `dev.sluice.v1alpha1.Rollout`: the group backwards, the version, the kind. */
export function customDefinitionName(definition: ResourceDefinition, kind = definition.kind): string {
  return [...definition.group.split(".").reverse(), definition.version, kind].join(".");
}

/** The definitions of a custom resource as its OpenAPI document publishes them: the object's and its list's. */
export function customDefinitions(definition: ResourceDefinition): Readonly<Record<string, JsonObject>> {
  const name = customDefinitionName(definition);
  return {
    [name]: objectDefinition(definition),
    [customDefinitionName(definition, definition.listKind)]: listDefinition(definition, name),
  };
}

function objectDefinition(definition: ResourceDefinition): JsonObject {
  const { properties = {}, ...root } = publishedSchema(definition.schema ?? { type: "object" });
  return {
    ...root,
    properties: { ...properties, ...TYPE_META, metadata: OBJECT_META },
    ...kindExtension(definition, definition.kind),
    ...(definition.selectableFields.length === 0
      ? {}
      : { "x-kubernetes-selectable-fields": definition.selectableFields.map(selectableField) }),
  };
}

function selectableField(path: string): JsonObject {
  return { fieldPath: path.replace(/^\./, "") };
}

function listDefinition(definition: ResourceDefinition, itemName: string): JsonObject {
  return {
    description: `${definition.listKind} is a list of ${definition.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      ...TYPE_META,
      items: {
        description: `List of ${definition.plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: "array",
        items: { $ref: `#/components/schemas/${itemName}` },
      },
      metadata: {
        description: `Standard list metadata. ${API_CONVENTIONS}#types-kinds`,
        allOf: [{ $ref: `${META}.ListMeta` }],
      },
    },
    ...kindExtension(definition, definition.listKind),
  };
}

function kindExtension({ group, version }: ResourceDefinition, kind: string): JsonObject {
  return { "x-kubernetes-group-version-kind": [{ group, kind, version }] };
}

/** What is published of a structural schema: all of it, and the two types of an int-or-string in words of OpenAPI. */
function publishedSchema(schema: JsonSchema): JsonSchema {
  const published: Record<string, unknown> = { ...schema };
  if (schema["x-kubernetes-int-or-string"] === true && schema.anyOf === undefined)
    published["anyOf"] = [{ type: "integer" }, { type: "string" }];
  if (schema.properties !== undefined) {
    published["properties"] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, publishedSchema(property)]),
    );
  }
  if (schema.items !== undefined) published["items"] = publishedSchema(schema.items);
  if (typeof schema.additionalProperties === "object")
    published["additionalProperties"] = publishedSchema(schema.additionalProperties);
  return published as JsonSchema;
}
