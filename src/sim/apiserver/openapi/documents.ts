import { createHash } from "node:crypto";
import type { ApiRequest, ApiResponse } from "../../../kube/transport.ts";
import type { JsonObject } from "../json-object.ts";
import type { Registry, ResourceDefinition } from "../registry.ts";
import { BUILTIN_DEFINITIONS, builtinDefinitionName } from "./builtin-definitions.ts";
import { customDefinitions } from "./custom-definitions.ts";
import { openApiPaths } from "./paths.ts";
import { encodeOpenApiV2, openApiV2Document } from "./v2.ts";

const INFO = { title: "Kubernetes", version: "v1.36.2" };
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** What every document refers to. */
const SHARED = ["ObjectMeta", "ListMeta", "Status", "DeleteOptions", "Patch"].map((kind) => `${META}${kind}`);
/** Documents of paths that are no group version; clients only look whether they are listed. */
const EMPTY_DOCUMENTS = ["api", "apis", "version"];
const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const V2_PROTOBUF_ACCEPTED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

interface Document {
  /** What it was made from: it holds as long as these are served. */
  readonly definitions: readonly ResourceDefinition[];
  readonly value: JsonObject;
  readonly hash: string;
}

interface DocumentV2 {
  readonly revision: number;
  readonly value: JsonObject;
  readonly bytes: Uint8Array;
}

/** `/openapi/v2` and `/openapi/v3`: documents made from the registry, each anew only when its resources have changed. */
export class OpenApiDocuments {
  readonly #registry: Registry;
  readonly #documents = new Map<string, Document>();
  #v2Document: DocumentV2 | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** `parts` is the path below `/openapi`. */
  answer(request: ApiRequest, parts: readonly string[]): ApiResponse {
    if (parts[0] === "v2" && parts.length === 1) return this.#v2(request);
    if (parts[0] !== "v3") return notFound();
    if (parts.length === 1) return this.#index();
    const path = parts.slice(1).join("/");
    if (!this.#paths().includes(path)) return notFound();
    const { value, hash } = this.#document(path);
    const isPinned = request.query.get("hash") === hash;
    return {
      status: 200,
      contentType: "application/json",
      warnings: [],
      headers: { etag: `"${hash}"`, ...(isPinned ? { "cache-control": "public, immutable" } : {}) },
      body: { kind: "json", value },
    };
  }

  #index(): ApiResponse {
    const served = this.#paths();
    for (const path of this.#documents.keys()) if (!served.includes(path)) this.#documents.delete(path);
    const paths = served.map((path) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#document(path).hash}` },
    ]);
    // The real server sends this JSON as plain text.
    return {
      status: 200,
      contentType: "text/plain; charset=utf-8",
      warnings: [],
      body: { kind: "json", value: { paths: Object.fromEntries(paths) } },
    };
  }

  /** `api/v1`, `apis/apps`, `apis/apps/v1`, ... */
  #paths(): readonly string[] {
    const paths = new Set(EMPTY_DOCUMENTS);
    for (const { group, version } of this.#registry.list()) {
      paths.add(group === "" ? `api/${version}` : `apis/${group}/${version}`);
      if (group !== "") paths.add(`apis/${group}`);
    }
    return [...paths].sort();
  }

  #document(path: string): Document {
    const definitions = this.#registry.list().filter(({ group, version }) => {
      return path === (group === "" ? `api/${version}` : `apis/${group}/${version}`);
    });
    const known = this.#documents.get(path);
    if (known !== undefined && haveSameElements(known.definitions, definitions)) return known;
    const value = documentOf(definitions);
    const hash = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32).toUpperCase();
    const document = { definitions, value, hash };
    this.#documents.set(path, document);
    return document;
  }

  #v2(request: ApiRequest): ApiResponse {
    const { value, bytes } = this.#currentV2();
    const answer = { status: 200, warnings: [] };
    if ((request.headers["accept"] ?? "").includes(V2_PROTOBUF_ACCEPTED))
      return { ...answer, contentType: V2_PROTOBUF, body: { kind: "bytes", bytes } };
    return { ...answer, contentType: "application/json", body: { kind: "json", value } };
  }

  #currentV2(): DocumentV2 {
    const { revision } = this.#registry;
    if (this.#v2Document?.revision === revision) return this.#v2Document;
    const value = openApiV2Document(INFO, schemasOf(this.#registry.list()));
    this.#v2Document = { revision, value, bytes: encodeOpenApiV2(value) };
    return this.#v2Document;
  }
}

function haveSameElements<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((element, index) => element === b[index]);
}

function documentOf(definitions: readonly ResourceDefinition[]): JsonObject {
  return {
    openapi: "3.0.0",
    info: INFO,
    paths: openApiPaths(definitions),
    components: { schemas: definitions.length === 0 ? {} : schemasOf(definitions) },
  };
}

/** The schemas of the given resources and of all that they refer to. */
function schemasOf(definitions: readonly ResourceDefinition[]): Readonly<Record<string, JsonObject>> {
  const custom = definitions.filter((definition) => definition.custom).map(customDefinitions);
  const roots = definitions.flatMap(({ group, version, kind, listKind, subresources }) => [
    builtinDefinitionName(group, version, kind),
    builtinDefinitionName(group, version, listKind),
    ...subresources.map((sub) => builtinDefinitionName(sub.group ?? group, sub.version ?? version, sub.kind)),
  ]);
  const open = [...SHARED, ...roots.filter((name) => name !== undefined)];
  const reached: Record<string, JsonObject> = {};
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = BUILTIN_DEFINITIONS[name] as JsonObject | undefined;
    if (schema === undefined || reached[name] !== undefined) continue;
    reached[name] = schema;
    open.push(...referencesIn(schema));
  }
  return Object.assign(reached, ...custom) as Record<string, JsonObject>;
}

function referencesIn(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === "$ref" && typeof value === "string"
      ? [value.slice(value.lastIndexOf("/") + 1)]
      : referencesIn(value),
  );
}

function notFound(): ApiResponse {
  return { status: 404, contentType: "", warnings: [], body: { kind: "text", text: "" } };
}
