import { isDeepEqual } from "../../../lib/json.ts";
import type { FieldError } from "../field-error.ts";
import { asList, isObject } from "../json-object.ts";
import { CEL } from "./cel-environment.ts";
import { toCel } from "./cel-value.ts";
import type { JsonSchema, ValidationRule } from "./json-schema.ts";
import { correlatedItem } from "./schema-list.ts";
import { memberSchema } from "./schema-prune.ts";

type Evaluate = (context: Readonly<Record<string, unknown>>) => unknown;

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly holds: Evaluate;
  readonly message: Evaluate | undefined;
  /** Mentions oldSelf: it says something of an update only. */
  readonly isTransition: boolean;
}

/** The `x-kubernetes-validations` of one structural schema, compiled. */
export class SchemaRules {
  readonly #schema: JsonSchema;
  readonly #compiled = new Map<ValidationRule, CompiledRule>();
  readonly #hasTransitions: boolean;

  /** Throws for rules that are no CEL. */
  constructor(schema: JsonSchema) {
    this.#schema = schema;
    for (const rule of rulesIn(schema)) this.#compiled.set(rule, compile(rule));
    this.#hasTransitions = [...this.#compiled.values()].some(({ isTransition }) => isTransition);
  }

  get isEmpty(): boolean {
    return this.#compiled.size === 0;
  }

  /** Rules that do not hold for an object, or for its change from `old`. */
  errors(value: unknown, old: unknown): readonly FieldError[] {
    return this.isEmpty ? [] : this.#errorsAt(this.#schema, value, old, "");
  }

  #errorsAt(schema: JsonSchema, value: unknown, old: unknown, field: string): readonly FieldError[] {
    // The very same: a write of the status leaves the spec as it is.
    if (value === old && value !== undefined && !this.#hasTransitions) return [];
    const own = (schema["x-kubernetes-validations"] ?? []).flatMap((rule) => {
      const compiled = this.#compiled.get(rule);
      const isApplicable = compiled !== undefined && value !== null && applies(compiled, value, old);
      return isApplicable ? check(compiled, schema, value, old, field) : [];
    });
    return [...own, ...this.#nestedErrors(schema, value, old, field)];
  }

  #nestedErrors(schema: JsonSchema, value: unknown, old: unknown, field: string): readonly FieldError[] {
    if (Array.isArray(value)) {
      const { items } = schema;
      if (items === undefined) return [];
      return value.flatMap((item, index) =>
        this.#errorsAt(items, item, correlatedItem(schema, item, asList(old)), `${field}[${index}]`),
      );
    }
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, member]) => {
      const known = memberSchema(schema, name);
      if (known === undefined) return [];
      return this.#errorsAt(known, member, isObject(old) ? old[name] : undefined, join(field, name));
    });
  }
}

function join(field: string, name: string): string {
  return field === "" ? name : `${field}.${name}`;
}

/** Transition rules need an old value; others are not asked again about what has not changed. */
function applies(compiled: CompiledRule, value: unknown, old: unknown): boolean {
  if (compiled.isTransition) return old !== undefined || compiled.rule.optionalOldSelf === true;
  return old === undefined || !isDeepEqual(value, old);
}

function check(
  { rule, holds, message }: CompiledRule,
  schema: JsonSchema,
  value: unknown,
  old: unknown,
  field: string,
): readonly FieldError[] {
  const context = { self: toCel(schema, value), oldSelf: toCel(schema, old) };
  const at = rule.fieldPath === undefined ? field : fieldAt(field, rule.fieldPath);
  try {
    if (holds(context) === true) return [];
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n");
    return [errorOf(undefined, at, `${reason} evaluating rule: ${rule.message ?? rule.rule}`)];
  }
  return [errorOf(rule.reason, at, messageText(rule, message, context))];
}

function fieldAt(field: string, path: string): string {
  const names = path.replaceAll(/\['([^']*)'\]/g, "[$1]");
  return field === "" ? names.replace(/^\./, "") : `${field}${names}`;
}

function messageText(
  rule: ValidationRule,
  message: Evaluate | undefined,
  context: Readonly<Record<string, unknown>>,
): string {
  const fallback = rule.message ?? `failed rule: ${rule.rule.trim()}`;
  if (message === undefined) return fallback;
  try {
    const text = message(context);
    return typeof text === "string" && text.trim() !== "" && !text.includes("\n") ? text : fallback;
  } catch {
    // A message that cannot be computed must not hide that the rule does not hold.
    return fallback;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  FieldValueInvalid: "Invalid value",
  FieldValueForbidden: "Forbidden",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
};

function errorOf(reason: string | undefined, field: string, text: string): FieldError {
  const known = reason !== undefined && Object.hasOwn(WORDS, reason) ? reason : "FieldValueInvalid";
  return { reason: known, field: field === "" ? "<nil>" : field, body: `${WORDS[known]}: ${text}` };
}

function compile(rule: ValidationRule): CompiledRule {
  const { messageExpression } = rule;
  return {
    rule,
    holds: CEL.parse(rule.rule),
    message: messageExpression === undefined ? undefined : CEL.parse(messageExpression),
    isTransition: /\boldSelf\b/.test(withoutTexts(rule.rule)),
  };
}

function withoutTexts(expression: string): string {
  return expression.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
}

function rulesIn(schema: JsonSchema): readonly ValidationRule[] {
  const { properties = {}, additionalProperties, items } = schema;
  const nested = [
    ...Object.values(properties),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
    ...(items === undefined ? [] : [items]),
  ];
  return [...(schema["x-kubernetes-validations"] ?? []), ...nested.flatMap(rulesIn)];
}
