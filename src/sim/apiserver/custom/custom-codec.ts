import { apiVersionOf } from "../../../kube/resource.ts";
import { OBJECT_META } from "../builtin-types.ts";
import type { DecodeReport } from "../decode-report.ts";
import { type Draft, isObject, type JsonObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { METADATA_PLACE, readStruct, wrongTopLevel } from "../typed.ts";
import type { JsonSchema } from "./json-schema.ts";
import { pruneObject } from "./schema-prune.ts";

/** Reads a custom resource: metadata as of any object, the rest pruned by the schema. apiVersion and kind are kept. */
export function decodeCustom(definition: ResourceDefinition, value: JsonObject, report: DecodeReport): Draft {
  const { apiVersion, kind, metadata, ...rest } = value;
  const meta = metadata ?? {};
  if (!isObject(meta)) throw wrongTopLevel(meta, "v1.ObjectMeta");
  const schema: JsonSchema = definition.schema ?? {};
  const body = pruneObject(withoutMeta(schema), rest, "", report);
  return {
    apiVersion: typeof apiVersion === "string" ? apiVersion : apiVersionOf(definition),
    kind: typeof kind === "string" ? kind : definition.kind,
    metadata: readStruct(OBJECT_META, meta, report, METADATA_PLACE),
    ...body,
  };
}

/** The schema of everything but TypeMeta and ObjectMeta, which have rules of their own. */
function withoutMeta(schema: JsonSchema): JsonSchema {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    metadata: _metadata,
    ...properties
  } = schema.properties ?? {};
  return { ...schema, properties };
}
