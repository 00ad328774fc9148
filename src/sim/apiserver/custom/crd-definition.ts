import type { AnyObject } from "../../../kube/object.ts";
import { SCALE_SUBRESOURCE } from "../builtin-resources.ts";
import { asList, asObject, type JsonObject } from "../json-object.ts";
import type {
  PrinterColumn,
  ResourceDefinition,
  ScalePaths,
  SubresourceDefinition,
  Verb,
} from "../registry.ts";
import type { JsonSchema } from "./json-schema.ts";

/** Verbs of custom resources, in the order in which discovery lists them. */
const VERBS: readonly Verb[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
];

/** Names of a CustomResourceDefinition, with the server's defaults in them. */
interface Names {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** The resources that a CustomResourceDefinition (defaulted and valid) serves: one for each served version. */
export function definitionsOf(crd: AnyObject): readonly ResourceDefinition[] {
  const spec = asObject(crd["spec"]);
  const group = String(spec["group"]);
  const names = spec["names"] as Names;
  const versions = asList(spec["versions"]).map(asObject);
  const stored = versions.find((version) => version["storage"] === true);
  return versions
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group,
      version: String(version["name"]),
      kind: names.kind,
      listKind: names.listKind,
      plural: names.plural,
      singular: names.singular,
      namespaced: spec["scope"] !== "Cluster",
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      verbs: VERBS,
      subresources: subresourcesOf(version, names.kind),
      scale: asObject(version["subresources"])["scale"] as ScalePaths | undefined,
      storage: `${names.plural}.${group}`,
      storedApiVersion: `${group}/${String(stored?.["name"])}`,
      custom: true,
      schema: schemaOf(version),
      printerColumns: printerColumnsOf(version),
      selectableFields: asList(version["selectableFields"]).map((field) =>
        String(asObject(field)["jsonPath"]),
      ),
    }));
}

function schemaOf(version: JsonObject): JsonSchema {
  return asObject(asObject(version["schema"])["openAPIV3Schema"]) as JsonSchema;
}

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description:
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
};

function printerColumnsOf(version: JsonObject): readonly PrinterColumn[] {
  const columns = version["additionalPrinterColumns"];
  return Array.isArray(columns) && columns.length > 0 ? (columns as readonly PrinterColumn[]) : [AGE];
}

function subresourcesOf(version: JsonObject, kind: string): readonly SubresourceDefinition[] {
  const wanted = asObject(version["subresources"]);
  const subresources: SubresourceDefinition[] = [];
  if (wanted["status"] !== undefined && wanted["status"] !== null) {
    subresources.push({ name: "status", kind, verbs: ["get", "patch", "update"] });
  }
  if (wanted["scale"] !== undefined && wanted["scale"] !== null) subresources.push(SCALE_SUBRESOURCE);
  return subresources;
}
