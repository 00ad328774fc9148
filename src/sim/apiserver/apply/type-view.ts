import { OBJECT_META, type StructType, structType, type TypeField, typeOfKind } from "../builtin-types.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { memberSchema } from "../custom/schema-prune.ts";
import type { ResourceDefinition } from "../registry.ts";

/** How server-side apply looks at a value: what is owned as a whole, and what by parts. */
export type TypeView =
  /** Scalars, atomic lists and atomic maps. `scalar` names the JSON type that is expected, if one is. */
  | { readonly kind: "leaf"; readonly scalar?: "numeric" | "string" | "boolean" | undefined }
  /** An object by members. `member` is undefined for a name that is not in the schema. */
  | {
      readonly kind: "map";
      readonly member: (name: string) => TypeView | undefined;
      /** The name is a field of the type, rather than a key of a map. */
      readonly isField: (name: string) => boolean;
      /** There is no schema: the value may as well be something else. */
      readonly isUntyped?: true;
    }
  /** A list by elements: told apart by keys, or (a set) by themselves. */
  | {
      readonly kind: "list";
      readonly keys: readonly string[];
      readonly item: TypeView;
      /** Defaults of keys that an element may leave out. */
      readonly keyDefaults: Readonly<Record<string, unknown>>;
    };

const LEAF: TypeView = { kind: "leaf" };

/** Without a schema: objects by members, lists as a whole. */
const UNTYPED: TypeView = { kind: "map", member: () => UNTYPED, isField: () => false, isUntyped: true };

/** Views by definition; their parts are made when they are first looked at. */
export class TypeViews {
  readonly #byDefinition = new WeakMap<ResourceDefinition, TypeView>();

  /** The view of the objects of a resource, in their stored version. */
  of(definition: ResourceDefinition): TypeView {
    const known = this.#byDefinition.get(definition);
    if (known !== undefined) return known;
    const view = viewOf(definition);
    this.#byDefinition.set(definition, view);
    return view;
  }
}

function viewOf(definition: ResourceDefinition): TypeView {
  if (definition.custom) return customView(definition.schema ?? {});
  const type = typeOfKind(definition.storedApiVersion, definition.kind);
  return type === undefined ? UNTYPED : structView(type);
}

function customView(schema: JsonSchema): TypeView {
  const own = schemaView(schema);
  const meta = structView(OBJECT_META);
  return {
    kind: "map",
    member: (name) => {
      if (name === "apiVersion" || name === "kind") return LEAF;
      if (name === "metadata") return meta;
      return own.kind === "map" ? own.member(name) : undefined;
    },
    isField: () => true,
  };
}

function schemaView(schema: JsonSchema): TypeView {
  if (schema["x-kubernetes-int-or-string"] === true) return LEAF;
  if (schema.type === "array") return schemaListView(schema);
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema.type === undefined && isOpen) return UNTYPED;
  if (schema.type !== "object" && !isOpen) return { kind: "leaf", scalar: scalarOf(schema.type) };
  if (schema["x-kubernetes-map-type"] === "atomic") return LEAF;
  return {
    kind: "map",
    member: (name) => {
      const member = memberSchema(schema, name);
      if (member !== undefined) return schemaView(member);
      return isOpen ? UNTYPED : undefined;
    },
    isField: (name) => schema.properties !== undefined && Object.hasOwn(schema.properties, name),
  };
}

function schemaListView(schema: JsonSchema): TypeView {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "map" && type !== "set") return LEAF;
  const items = schema.items ?? {};
  const keys = type === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : [];
  const keyDefaults = Object.fromEntries(
    keys.flatMap((key) => {
      const value = items.properties?.[key]?.default;
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return { kind: "list", keys, item: schemaView(items), keyDefaults };
}

function scalarOf(type: JsonSchema["type"]): "numeric" | "string" | "boolean" | undefined {
  if (type === "integer" || type === "number") return "numeric";
  return type === "string" || type === "boolean" ? type : undefined;
}

function structView(type: StructType): TypeView {
  if (type.atomic) return LEAF;
  const members = new Map<string, TypeView>();
  return {
    kind: "map",
    member: (name) => {
      const known = members.get(name);
      const field = type.fields.get(name);
      if (known !== undefined || field === undefined) return known;
      const view = fieldView(field);
      members.set(name, view);
      return view;
    },
    isField: () => true,
  };
}

function fieldView(field: TypeField): TypeView {
  if (field.atomic) return LEAF;
  const element = field.isStruct ? structView(structType(field.type)) : { kind: "leaf" as const };
  if (field.shape === "map") return { kind: "map", member: () => element, isField: () => false };
  if (field.shape !== "list") return element;
  if (field.keys === undefined) return LEAF;
  return {
    kind: "list",
    keys: field.keys,
    item: element,
    keyDefaults: field.keys.includes("protocol") ? TCP : {},
  };
}

/** The only key of a built-in list that has a default. */
const TCP = { protocol: "TCP" };
