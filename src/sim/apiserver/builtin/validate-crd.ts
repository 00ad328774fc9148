import type { AnyObject } from "../../../kube/object.ts";
import { CEL } from "../custom/cel-environment.ts";
import type { JsonSchema, ValidationRule } from "../custom/json-schema.ts";
import { schemaErrors } from "../custom/schema-validate.ts";
import { type FieldError, IMMUTABLE, invalidValue, notSupported, requiredValue } from "../field-error.ts";
import { asList, asObject, asText, isObject, type JsonObject } from "../json-object.ts";

const SCOPES = ["Cluster", "Namespaced"];

/** What is wrong with a CustomResourceDefinition, down to the rules of its schemas. */
export function crdErrors(crd: AnyObject): readonly FieldError[] {
  const spec = asObject(crd["spec"]);
  const names = asObject(spec["names"]);
  const wanted = `${names["plural"]}.${spec["group"]}`;
  const errors: FieldError[] = [];
  if (crd.metadata.name !== wanted) {
    errors.push(invalidValue("metadata.name", crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  if ((asText(spec["group"]) ?? "") === "") errors.push(requiredValue("spec.group"));
  else if (!String(spec["group"]).includes(".")) {
    errors.push(invalidValue("spec.group", spec["group"], "should be a domain with at least one dot"));
  }
  if (!SCOPES.includes(String(spec["scope"]))) errors.push(notSupported("spec.scope", spec["scope"], SCOPES));
  for (const name of ["plural", "singular", "kind", "listKind"]) {
    if ((asText(names[name]) ?? "") === "") errors.push(requiredValue(`spec.names.${name}`));
  }
  return [...errors, ...versionErrors(asList(spec["versions"]))];
}

function versionErrors(versions: readonly unknown[]): readonly FieldError[] {
  const stored = versions.filter((version) => asObject(version)["storage"] === true);
  const errors: FieldError[] = [];
  if (stored.length !== 1) {
    const text = "must have exactly one version marked as storage version";
    errors.push(invalidValue("spec.versions", versions, text));
  }
  versions.forEach((item, index) => {
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    const schema = asObject(asObject(item)["schema"])["openAPIV3Schema"];
    if (!isObject(schema)) errors.push(requiredValue(field, "schemas are required"));
    else errors.push(...rootErrors(schema as JsonSchema, field));
  });
  return errors;
}

function rootErrors(schema: JsonSchema, field: string): readonly FieldError[] {
  if (schema.type !== "object") {
    return schema.type === undefined
      ? [requiredValue(`${field}.type`, "must not be empty at the root")]
      : [invalidValue(`${field}.type`, schema.type, "must be object at the root")];
  }
  return structuralErrors(schema, field, 0);
}

const MAX_DEPTH = 100;

/** Structural schemas say the type of everything (k8s.io/apiextensions-apiserver/pkg/apiserver/schema). */
function structuralErrors(schema: JsonSchema, field: string, depth: number): readonly FieldError[] {
  if (typeof schema !== "object" || schema === null) return [invalidValue(field, schema, "must be a schema")];
  if (depth > MAX_DEPTH) return [invalidValue(field, "", "is nested too deeply")];
  const errors = [
    ...typeErrors(schema, field),
    ...patternErrors(schema, field),
    ...ruleErrors(schema, field),
  ];
  for (const [name, member] of Object.entries(asObject(schema.properties))) {
    errors.push(...structuralErrors(member as JsonSchema, `${field}.properties[${name}]`, depth + 1));
  }
  const { additionalProperties, items } = schema;
  if (isObject(additionalProperties)) {
    errors.push(
      ...structuralErrors(additionalProperties as JsonSchema, `${field}.additionalProperties`, depth + 1),
    );
  }
  if (items !== undefined) errors.push(...structuralErrors(items, `${field}.items`, depth + 1));
  if (errors.length === 0 && schema.default !== undefined) errors.push(...defaultErrors(schema, field));
  return errors;
}

function typeErrors(schema: JsonSchema, field: string): readonly FieldError[] {
  const isOpen =
    schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const errors: FieldError[] = [];
  if (schema.type === undefined && !isOpen) {
    errors.push(requiredValue(`${field}.type`, "must not be empty for specified object fields"));
  }
  if (schema.type === "array" && schema.items === undefined) {
    errors.push(requiredValue(`${field}.items`, "must be specified"));
  }
  const listType = schema["x-kubernetes-list-type"];
  if (listType === "map" && asList(schema["x-kubernetes-list-map-keys"]).length === 0) {
    const text = "must not be empty if x-kubernetes-list-type is map";
    errors.push(requiredValue(`${field}.x-kubernetes-list-map-keys`, text));
  }
  return errors;
}

function patternErrors({ pattern }: JsonSchema, field: string): readonly FieldError[] {
  if (pattern === undefined) return [];
  try {
    new RegExp(pattern, "u");
    return [];
  } catch (error) {
    return [
      invalidValue(
        `${field}.pattern`,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    ];
  }
}

function ruleErrors(schema: JsonSchema, field: string): readonly FieldError[] {
  return asList(schema["x-kubernetes-validations"]).flatMap((item, index) => {
    const rule = asObject(item) as unknown as ValidationRule & JsonObject;
    const at = `${field}.x-kubernetes-validations[${index}]`;
    if ((rule.rule ?? "").trim() === "") return [requiredValue(`${at}.rule`, "rule is not specified")];
    return [
      ...compileErrors(rule.rule, `${at}.rule`, rule),
      ...(rule.messageExpression === undefined
        ? []
        : compileErrors(rule.messageExpression, `${at}.messageExpression`, rule)),
    ];
  });
}

function compileErrors(expression: string, field: string, rule: JsonObject): readonly FieldError[] {
  try {
    CEL.parse(expression);
    return [];
  } catch (error) {
    return [invalidValue(field, rule, `compilation failed: ${(error as Error).message.split("\n")[0]}`)];
  }
}

function defaultErrors(schema: JsonSchema, field: string): readonly FieldError[] {
  const at = { field: `${field}.default`, inBody: `${field}.default` };
  return schemaErrors(schema, schema.default, undefined, at);
}

export function crdUpdateErrors(crd: AnyObject, old: AnyObject): readonly FieldError[] {
  const spec = asObject(crd["spec"]);
  const before = asObject(old["spec"]);
  const fixed = ["group", "scope"].filter((name) => spec[name] !== before[name]);
  return [...fixed.map((name) => invalidValue(`spec.${name}`, spec[name], IMMUTABLE)), ...crdErrors(crd)];
}
