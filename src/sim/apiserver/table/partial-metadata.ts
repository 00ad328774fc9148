import { asList, asObject, type JsonObject } from "../json-object.ts";

/** The metadata of an object alone; `version` is that of meta.k8s.io. */
export function partialMetadata(object: JsonObject, version: string): JsonObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object["metadata"] ?? {},
  };
}

/** A list of which only metadata is left. An empty one has null for items, as Go writes a slice that was never made. */
export function partialMetadataList(list: JsonObject, version: string): JsonObject {
  const items = asList(list["items"]).map((item) => partialMetadata(asObject(item), version));
  const metadata = Object.entries(asObject(list["metadata"])).filter(([, value]) => value !== "");
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: Object.fromEntries(metadata),
    items: items.length === 0 ? null : items,
  };
}
