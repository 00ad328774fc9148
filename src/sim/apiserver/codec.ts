import { apiVersionOf } from "../../kube/resource.ts";
import { present } from "../../lib/assert.ts";
import { typeOfKind } from "./builtin-types.ts";
import { decodeCustom } from "./custom/custom-codec.ts";
import type { DecodeReport } from "./decode-report.ts";
import type { Draft, JsonObject } from "./json-object.ts";
import type { ResourceDefinition } from "./registry.ts";
import { readStruct } from "./typed.ts";

/**
 * An object of a resource from a body: unknown members are dropped and reported, wrong types throw DecodeFailure.
 * The result is in the version of `definition` and shares nothing with `value`.
 */
export function decodeObject(definition: ResourceDefinition, value: JsonObject, report: DecodeReport): Draft {
  if (definition.custom) return decodeCustom(definition, value, report);
  const apiVersion = apiVersionOf(definition);
  const type = present(typeOfKind(apiVersion, definition.kind), `the type of ${definition.kind}`);
  return { ...readStruct(type, value, report), apiVersion, kind: definition.kind };
}
