import type { AnyObject } from "../../../kube/object.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { type FieldError, forbiddenValue, IMMUTABLE, invalidValue, requiredValue } from "../field-error.ts";
import { asObject, asText } from "../json-object.ts";
import { readJson, UnreadableText } from "../json-text.ts";

const KEY_HELP =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const FROZEN = "field is immutable when `immutable` is set";

function keyErrors(field: string, data: unknown): readonly FieldError[] {
  return Object.keys(asObject(data)).flatMap((key) => {
    const at = `${field}[${key}]`;
    if (key === "." || key === "..") return [invalidValue(at, key, `must not be '${key}'`)];
    return /^[-._a-zA-Z0-9]+$/.test(key) ? [] : [invalidValue(at, key, KEY_HELP)];
  });
}

export function configMapErrors(object: AnyObject): readonly FieldError[] {
  const binary = asObject(object["binaryData"]);
  const twice = Object.keys(asObject(object["data"])).filter((key) => Object.hasOwn(binary, key));
  return [
    ...keyErrors("data", object["data"]),
    ...keyErrors("binaryData", binary),
    ...twice.map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
  ];
}

export function configMapUpdateErrors(object: AnyObject, old: AnyObject): readonly FieldError[] {
  return [...frozenErrors(object, old, ["data", "binaryData"]), ...configMapErrors(object)];
}

/** What is marked immutable stays as it is, and stays marked. */
function frozenErrors(object: AnyObject, old: AnyObject, members: readonly string[]): readonly FieldError[] {
  if (old["immutable"] !== true) return [];
  const changed = members.filter((member) => !isDeepEqual(object[member], old[member]));
  return [...(object["immutable"] === true ? [] : ["immutable"]), ...changed].map((member) =>
    forbiddenValue(member, FROZEN),
  );
}

/** Keys that a Secret of a type must have. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
};
const JSON_KEYS: ReadonlySet<string> = new Set([".dockercfg", ".dockerconfigjson"]);

export function secretErrors(object: AnyObject): readonly FieldError[] {
  const data = asObject(object["data"]);
  const required = REQUIRED_KEYS[asText(object["type"]) ?? ""] ?? [];
  return [
    ...keyErrors("data", data),
    ...required.flatMap((key) => {
      const value = data[key];
      if (value === undefined) return [requiredValue(`data[${key}]`)];
      return JSON_KEYS.has(key) ? jsonErrors(`data[${key}]`, String(value)) : [];
    }),
  ];
}

function jsonErrors(field: string, base64: string): readonly FieldError[] {
  try {
    readJson(Buffer.from(base64, "base64").toString("utf8"));
    return [];
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return [invalidValue(field, "<secret contents redacted>", error.message)];
  }
}

export function secretUpdateErrors(object: AnyObject, old: AnyObject): readonly FieldError[] {
  const type = object["type"] === old["type"] ? [] : [invalidValue("type", object["type"], IMMUTABLE)];
  return [...type, ...frozenErrors(object, old, ["data"]), ...secretErrors(object)];
}
