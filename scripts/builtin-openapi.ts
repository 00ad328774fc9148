/**
 * Writes src/sim/apiserver/openapi/builtin-definitions.json: the OpenAPI v3 schemas of the built-in kinds that the embedded API
 * server serves, and of all they refer to. The input is Kubernetes' own OpenAPI as the Python package
 * kubernetes-validate carries it (Apache-2.0):
 *
 *   pip download --no-deps kubernetes-validate==1.36.0 && unzip kubernetes_validate-*.whl
 *   node scripts/builtin-openapi.ts kubernetes_validate/kubernetes-json-schema/v1.36.0-local/_definitions.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { BUILTIN_RESOURCES } from "../src/sim/apiserver/builtin-resources.ts";
import { ENUM_VALUES } from "./builtin-openapi-enums.ts";

type Json = Readonly<Record<string, unknown>>;

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** Kinds that requests and answers are made of, beside the resources themselves. */
const MACHINERY = ["Status", "DeleteOptions", "APIResourceList", "APIGroup", "APIGroupList", "Patch"];

/** The package widens these two to "string or null"; this is how the server publishes them. */
const SPECIAL: Readonly<Record<string, Json>> = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
    description:
      "IntOrString is a type that can hold an int32 or a string.  When used in JSON or YAML marshalling and unmarshalling, it produces or consumes the inner type.  This allows you to have, for example, a JSON field that can accept a name or number.",
    format: "int-or-string",
    oneOf: [{ type: "integer" }, { type: "string" }],
  },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    description: "Quantity is a fixed-point representation of a number, for example `500m`, `1.5` or `2Gi`.",
    oneOf: [{ type: "string" }, { type: "number" }],
  },
};

const source = JSON.parse(readFileSync(process.argv[2] ?? "_definitions.json", "utf8")) as {
  readonly $defs: Readonly<Record<string, Json>>;
};
const names = closure(roots());
const lines = names.map(
  (name) => `${JSON.stringify(name)}: ${JSON.stringify(SPECIAL[name] ?? published(name))}`,
);
writeFileSync(
  new URL("../src/sim/apiserver/openapi/builtin-definitions.json", import.meta.url),
  `{\n${lines.join(",\n")}\n}\n`,
);

function roots(): string[] {
  const wanted = new Set<string>();
  for (const resource of BUILTIN_RESOURCES) {
    for (const kind of [resource.kind, resource.listKind])
      wanted.add(`${resource.group}/${resource.version}/${kind}`);
    for (const sub of resource.subresources)
      wanted.add(`${sub.group ?? resource.group}/${sub.version ?? resource.version}/${sub.kind}`);
  }
  const found = Object.entries(source.$defs)
    .filter(([, schema]) => kindsOf(schema).some((kind) => wanted.has(kind)))
    .map(([name]) => name);
  return [...found, ...MACHINERY.map((kind) => `${META}${kind}`)];
}

function kindsOf(schema: Json): string[] {
  const kinds = (schema["x-kubernetes-group-version-kind"] ?? []) as {
    group: string;
    version: string;
    kind: string;
  }[];
  return kinds.map(({ group, version, kind }) => `${group}/${version}/${kind}`);
}

/** All that the given definitions refer to, themselves included, sorted. */
function closure(start: readonly string[]): string[] {
  const reached = new Set<string>();
  const open = [...start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = source.$defs[name];
    if (reached.has(name) || schema === undefined) continue;
    reached.add(name);
    JSON.stringify(schema, (key, value) => {
      if (key === "$ref" && typeof value === "string") open.push(value.slice("#/$defs/".length));
      return value;
    });
  }
  return [...reached].sort();
}

/** The definition as the server publishes it: `type` is one name, a reference with a description becomes `allOf`. */
function published(name: string): unknown {
  const schema = v3(source.$defs[name] ?? {}) as Record<string, unknown>;
  const properties = (schema["properties"] ?? {}) as Record<string, Record<string, unknown>>;
  for (const [field, values] of Object.entries(ENUM_VALUES[name] ?? {})) {
    const property = properties[field];
    if (property === undefined) throw new Error(`${name} has no field ${field}`);
    const lines = Object.entries(values).map(
      ([value, text]) => ` - \`"${value}"\`${text === "" ? "" : ` ${text}`}`,
    );
    property["description"] = `${property["description"]}\n\nPossible enum values:\n${lines.join("\n")}`;
    property["enum"] = Object.keys(values);
  }
  return schema;
}

function v3(node: unknown, key = ""): unknown {
  if (Array.isArray(node)) {
    if (key === "type") return node.find((type) => type !== "null");
    const kinds = key === "x-kubernetes-group-version-kind" && node.length > 1 ? node.filter(isServed) : node;
    return kinds.map((item) => v3(item));
  }
  if (typeof node !== "object" || node === null) return node;
  const { $ref, ...rest } = node as Record<string, unknown>;
  const mapped = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, v3(value, name)]));
  if (typeof $ref !== "string") return $ref === undefined ? mapped : { ...mapped, $ref: v3($ref) };
  const ref = { $ref: $ref.replace("#/$defs/", "#/components/schemas/") };
  return Object.keys(mapped).length === 0 ? ref : { ...mapped, allOf: [ref] };
}

/** DeleteOptions and the like name every group there is: those of the served groups do. */
function isServed(kind: { readonly group: string; readonly version: string }): boolean {
  return BUILTIN_RESOURCES.some(({ group, version }) => group === kind.group && version === kind.version);
}
