import type { AnyObject } from "../../../kube/object.ts";
import { type FieldError, invalidValue } from "../field-error.ts";
import { asObject, valueAt } from "../json-object.ts";
import { isSubdomain } from "../names.ts";
import { metaErrors, metaUpdateErrors } from "../object-meta.ts";
import type { ResourceDefinition } from "../registry.ts";
import type { Part } from "../strategy.ts";
import type { JsonSchema } from "./json-schema.ts";
import { duplicateErrors } from "./schema-list.ts";
import { SchemaRules } from "./schema-rules.ts";
import { schemaErrors } from "./schema-validate.ts";

const TOP = { field: "", inBody: "" };
const STATUS = { field: "status", inBody: "" };

/** Errors after which the rules are not asked: what they rely on does not hold. */
const BLOCKING: ReadonlySet<string> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

/** What the schema of a custom resource has to say about its objects. */
export class CustomValidation {
  readonly #definition: ResourceDefinition;
  readonly #schema: JsonSchema;
  readonly #rules: SchemaRules;

  constructor(definition: ResourceDefinition) {
    this.#definition = definition;
    this.#schema = withoutTypeMeta(definition.schema ?? {});
    this.#rules = new SchemaRules(this.#schema);
  }

  create(object: AnyObject): readonly FieldError[] {
    const wrongKind = this.#kindErrors(object);
    if (wrongKind.length > 0) return wrongKind;
    return this.#withRules(
      [
        // Also counted: the name, whose absence keeps the rules from being asked.
        ...metaErrors(object.metadata, isSubdomain),
        ...schemaErrors(this.#schema, bodyOf(object), undefined, TOP),
        ...this.#scaleErrors(object),
        ...duplicateErrors(this.#schema, bodyOf(object), ""),
      ],
      object,
      undefined,
    );
  }

  update(object: AnyObject, old: AnyObject, part: Part): readonly FieldError[] {
    const wrongKind = this.#kindErrors(object);
    if (wrongKind.length > 0) return wrongKind;
    const meta = metaUpdateErrors(object.metadata, old.metadata);
    if (part === "status") return this.#withRules([...meta, ...this.#statusErrors(object, old)], object, old);
    return this.#withRules(
      [
        ...meta,
        ...schemaErrors(this.#schema, bodyOf(object), bodyOf(old), TOP),
        ...this.#scaleErrors(object),
        ...duplicateErrors(this.#schema, bodyOf(object), ""),
      ],
      object,
      old,
    );
  }

  #statusErrors(object: AnyObject, old: AnyObject): readonly FieldError[] {
    const schema = this.#schema.properties?.["status"];
    const { status } = object;
    if (schema === undefined || status === undefined) return [];
    return [
      ...schemaErrors(schema, status, old["status"], STATUS),
      ...duplicateErrors(schema, status, "status"),
    ];
  }

  #withRules(
    errors: readonly FieldError[],
    object: AnyObject,
    old: AnyObject | undefined,
  ): readonly FieldError[] {
    if (this.#rules.isEmpty) return errors;
    if (errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, UNCHECKED];
    return [...errors, ...this.#rules.errors(visible(object), old === undefined ? undefined : visible(old))];
  }

  #kindErrors({ kind }: AnyObject): readonly FieldError[] {
    const wanted = this.#definition.kind;
    return kind === wanted ? [] : [invalidValue("kind", kind, `must be ${wanted}`)];
  }

  /** The numbers of the scale subresource have to be numbers, whatever the schema says. */
  #scaleErrors(object: AnyObject): readonly FieldError[] {
    const { scale } = this.#definition;
    if (scale === undefined) return [];
    return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path) => {
      const value = valueAt(object, path);
      if (value === undefined) return [];
      if (!Number.isInteger(value)) {
        const text = `${path} accessor error: ${value} is of the type ${goType(value)}, expected int64`;
        return [invalidValue(path, 0, text)];
      }
      return (value as number) < 0 ? [invalidValue(path, value, "should be a non-negative integer")] : [];
    });
  }
}

const UNCHECKED: FieldError = invalidValue(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
);

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return "float64";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function bodyOf(object: AnyObject): Readonly<Record<string, unknown>> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...body } = object;
  return body;
}

/** What rules at the top see: of the metadata only the names. */
function visible(object: AnyObject): Readonly<Record<string, unknown>> {
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { name, ...(generateName === undefined ? {} : { generateName }) } };
}

function withoutTypeMeta(schema: JsonSchema): JsonSchema {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    metadata: _metadata,
    ...properties
  } = asObject(schema.properties) as Readonly<Record<string, JsonSchema>>;
  const required = (schema.required ?? []).filter(
    (name) => !["apiVersion", "kind", "metadata"].includes(name),
  );
  return { ...schema, properties, required };
}
