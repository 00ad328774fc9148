import { isDeepEqual } from "../../../lib/json.ts";
import {
  type FieldError,
  invalidValue,
  notSupported,
  requiredValue,
  tooLong,
  tooMany,
  wrongType,
} from "../field-error.ts";
import { asList, isObject, type JsonObject } from "../json-object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { matchesFormat } from "./schema-format.ts";
import { correlatedItem } from "./schema-list.ts";
import { memberSchema } from "./schema-prune.ts";

/** Where a value stands: its path in the object, and the path that the messages of the schema library name. */
export interface SchemaPlace {
  readonly field: string;
  readonly inBody: string;
}

/**
 * Violations of a structural schema, in the words of the real server's OpenAPI library. What an update leaves as it
 * was (`old`) is not checked again: objects stay usable when a schema becomes stricter.
 */
export function schemaErrors(
  schema: JsonSchema,
  value: unknown,
  old: unknown,
  at: SchemaPlace,
): readonly FieldError[] {
  if (old !== undefined && isDeepEqual(value, old)) return [];
  const mismatch = typeError(schema, value, at);
  if (mismatch !== undefined) return mismatch;
  return [
    ...enumErrors(schema, value, at),
    ...scalarErrors(schema, value, at),
    ...(Array.isArray(value) ? listErrors(schema, value, old, at) : []),
    ...(isObject(value) ? objectErrors(schema, value, old, at) : []),
    ...combinationErrors(schema, value, at),
  ];
}

function said(at: SchemaPlace, text: string): string {
  return `${at.inBody} in body ${text}`;
}

export function memberPlace(at: SchemaPlace, name: string): SchemaPlace {
  return { field: joined(at.field, name), inBody: joined(at.inBody, name) };
}

export function itemPlace(at: SchemaPlace, index: number): SchemaPlace {
  return { field: `${at.field}[${index}]`, inBody: `${at.inBody}[${index}]` };
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Errors instead of all others when the JSON type is another one. */
function typeError(schema: JsonSchema, value: unknown, at: SchemaPlace): readonly FieldError[] | undefined {
  const wanted = schema["x-kubernetes-int-or-string"] === true ? ["integer", "string"] : typesOf(schema);
  const found = jsonType(value);
  if (value === null && schema.nullable === true) return [];
  if (wanted.length === 0 || wanted.includes(found)) return undefined;
  if (found === "integer" && wanted.includes("number")) return undefined;
  if (found === "number" && schema.format !== undefined && wanted.includes("integer")) {
    const checked = `Checked value must be of type integer with format ${schema.format} in ${at.inBody}`;
    return [
      wrongType(at.field, "float64", said(at, `must be of type ${schema.format}: "float64"`)),
      invalidValue("<nil>", "", checked),
    ];
  }
  return [wrongType(at.field, found, said(at, `must be of type ${wanted.join(",")}: "${found}"`))];
}

function typesOf(schema: JsonSchema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type];
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function enumErrors({ enum: allowed }: JsonSchema, value: unknown, at: SchemaPlace): readonly FieldError[] {
  if (allowed === undefined || allowed.some((item) => isDeepEqual(item, value))) return [];
  return [notSupported(at.field, value, allowed)];
}

function scalarErrors(schema: JsonSchema, value: unknown, at: SchemaPlace): readonly FieldError[] {
  if (typeof value === "number") return numberErrors(schema, value, at);
  return typeof value === "string" ? stringErrors(schema, value, at) : [];
}

function numberErrors(schema: JsonSchema, value: number, at: SchemaPlace): readonly FieldError[] {
  const { minimum, maximum, multipleOf } = schema;
  const problems: string[] = [];
  if (multipleOf !== undefined && value % multipleOf !== 0)
    problems.push(`should be a multiple of ${multipleOf}`);
  if (maximum !== undefined) {
    const isExclusive = schema.exclusiveMaximum === true;
    if (value > maximum || (isExclusive && value === maximum)) {
      problems.push(`should be less than ${isExclusive ? "" : "or equal to "}${maximum}`);
    }
  }
  if (minimum !== undefined) {
    const isExclusive = schema.exclusiveMinimum === true;
    if (value < minimum || (isExclusive && value === minimum)) {
      problems.push(`should be greater than ${isExclusive ? "" : "or equal to "}${minimum}`);
    }
  }
  return problems.map((problem) => invalidValue(at.field, value, said(at, problem)));
}

/** Only the first violation of a text is told. */
function stringErrors(schema: JsonSchema, value: string, at: SchemaPlace): readonly FieldError[] {
  const { maxLength, minLength, pattern, format } = schema;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) return [tooLong(at.field, maxLength)];
  if (minLength !== undefined && length < minLength) {
    return [invalidValue(at.field, value, said(at, `should be at least ${minLength} chars long`))];
  }
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) {
    return [invalidValue(at.field, value, said(at, `should match '${pattern}'`))];
  }
  if (format !== undefined && !matchesFormat(format, value)) {
    return [wrongType(at.field, value, said(at, `must be of type ${format}: ${JSON.stringify(value)}`))];
  }
  return [];
}

function listErrors(
  schema: JsonSchema,
  value: readonly unknown[],
  old: unknown,
  at: SchemaPlace,
): readonly FieldError[] {
  const { maxItems, minItems, items } = schema;
  const errors: FieldError[] = [];
  if (maxItems !== undefined && value.length > maxItems)
    errors.push(tooMany(at.field, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalidValue(at.field, value.length, said(at, `should have at least ${minItems} items`)));
  }
  if (items === undefined) return errors;
  const nested = value.flatMap((item, index) =>
    schemaErrors(items, item, correlatedItem(schema, item, asList(old)), itemPlace(at, index)),
  );
  return [...errors, ...nested];
}

function objectErrors(
  schema: JsonSchema,
  value: JsonObject,
  old: unknown,
  at: SchemaPlace,
): readonly FieldError[] {
  const { maxProperties, minProperties, required = [] } = schema;
  const names = Object.keys(value);
  const errors = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => requiredValue(memberPlace(at, name).field));
  if (maxProperties !== undefined && names.length > maxProperties) {
    errors.push(tooMany(at.field, names.length, maxProperties));
  }
  if (minProperties !== undefined && names.length < minProperties) {
    const text = said(at, `should have at least ${minProperties} properties`);
    errors.push(invalidValue(at.field, names.length, text));
  }
  const nested = names.flatMap((name) => {
    const member = memberSchema(schema, name);
    if (member === undefined) return [];
    return schemaErrors(member, value[name], isObject(old) ? old[name] : undefined, memberPlace(at, name));
  });
  return [...errors, ...nested];
}

/** allOf, anyOf, oneOf and not. Of several alternatives that all fail the errors of the nearest are told. */
function combinationErrors(schema: JsonSchema, value: unknown, at: SchemaPlace): readonly FieldError[] {
  const { allOf = [], anyOf, oneOf, not } = schema;
  const quoted = JSON.stringify(at.inBody);
  const whole = (text: string) => invalidValue("<nil>", "", `${quoted} ${text}`);
  const errors = allOf.flatMap((alternative) => schemaErrors(alternative, value, undefined, at));
  if (anyOf !== undefined) {
    const results = anyOf.map((alternative) => schemaErrors(alternative, value, undefined, at));
    if (results.every((result) => result.length > 0)) {
      errors.push(whole("must validate at least one schema (anyOf)"), ...fewest(results));
    }
  }
  if (oneOf !== undefined) {
    const results = oneOf.map((alternative) => schemaErrors(alternative, value, undefined, at));
    const valid = results.filter((result) => result.length === 0).length;
    const text = "must validate one and only one schema (oneOf).";
    if (valid === 0) errors.push(whole(`${text} Found none valid`), ...fewest(results));
    else if (valid > 1) errors.push(whole(`${text} Found ${valid} valid alternatives`));
  }
  if (not !== undefined && schemaErrors(not, value, undefined, at).length === 0) {
    errors.push(whole("must not validate the schema (not)"));
  }
  return errors;
}

function fewest(results: readonly (readonly FieldError[])[]): readonly FieldError[] {
  return [...results].sort((a, b) => a.length - b.length)[0] ?? [];
}
