import { describe, expect, it } from "vitest";
import type { ApiResponse } from "../../../kube/transport.ts";
import { BUILTIN_RESOURCES } from "../builtin-resources.ts";
import { asObject, type JsonObject } from "../json-object.ts";
import { Registry, type ResourceDefinition } from "../registry.ts";
import { readFields } from "../wire/protobuf-reader.ts";
import { OpenApiDocuments } from "./documents.ts";

const GREETING: ResourceDefinition = {
  group: "example.com",
  version: "v1",
  kind: "Greeting",
  plural: "greetings",
  singular: "greeting",
  listKind: "GreetingList",
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: ["get", "list", "create", "patch"],
  subresources: [],
  storage: "greetings.example.com",
  storedApiVersion: "example.com/v1",
  custom: true,
  printerColumns: [],
  selectableFields: [".spec.text"],
  schema: {
    type: "object",
    properties: { spec: { type: "object", properties: { size: { "x-kubernetes-int-or-string": true } } } },
  },
};

function get(documents: OpenApiDocuments, path: string, accept = "application/json"): ApiResponse {
  const [pathname = "", query = ""] = path.split("?");
  const parts = pathname.split("/").filter((part) => part !== "");
  const request = {
    method: "GET",
    path: pathname,
    query: new URLSearchParams(query),
    headers: { accept },
  } as const;
  return documents.answer(request, parts.slice(1));
}

function jsonOf(answer: ApiResponse): JsonObject {
  return answer.body.kind === "json" ? asObject(answer.body.value) : {};
}

function index(documents: OpenApiDocuments): Record<string, { serverRelativeURL: string }> {
  return jsonOf(get(documents, "/openapi/v3"))["paths"] as Record<string, { serverRelativeURL: string }>;
}

describe("the documents of v3", () => {
  it("are all there under the addresses of the index, and refer to nothing that they do not hold", () => {
    const documents = new OpenApiDocuments(new Registry([...BUILTIN_RESOURCES, GREETING]));
    const addresses = Object.values(index(documents)).map((entry) => entry.serverRelativeURL);
    expect(addresses.length).toBeGreaterThan(20);
    for (const address of addresses) {
      const answer = get(documents, address);
      expect(answer.headers?.["cache-control"], address).toBe("public, immutable");
      const text = JSON.stringify(jsonOf(answer));
      const held = asObject(asObject(jsonOf(answer)["components"])["schemas"]);
      const referred = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
      expect(
        [...new Set(referred)].filter((name) => !(name in held)),
        address,
      ).toEqual([]);
    }
  });

  it("describe every verb of a resource, with the parameters that kubectl looks for", () => {
    const documents = new OpenApiDocuments(new Registry(BUILTIN_RESOURCES));
    const paths = asObject(jsonOf(get(documents, "/openapi/v3/apis/apps/v1"))["paths"]);
    const object = asObject(paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]);
    expect(object["patch"]).toMatchObject({
      operationId: "patchAppsV1NamespacedDeployment",
      parameters: expect.arrayContaining([expect.objectContaining({ name: "fieldValidation", in: "query" })]),
      requestBody: { content: { "application/strategic-merge-patch+json": {} } },
    });
    expect(asObject(paths["/apis/apps/v1/deployments"])["get"]).toMatchObject({
      operationId: "listAppsV1DeploymentForAllNamespaces",
    });
  });

  it("change with a custom resource, and only those of its group do", () => {
    const registry = new Registry(BUILTIN_RESOURCES);
    const documents = new OpenApiDocuments(registry);
    const before = index(documents);
    registry.add(GREETING);
    const after = index(documents);
    expect(after["apis/example.com/v1"]).toBeDefined();
    expect(after["apis/apps/v1"]).toEqual(before["apis/apps/v1"]);
    const schemas = asObject(
      asObject(jsonOf(get(documents, "/openapi/v3/apis/example.com/v1"))["components"])["schemas"],
    );
    expect(schemas["com.example.v1.Greeting"]).toMatchObject({
      properties: {
        metadata: {
          allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }],
        },
        spec: { properties: { size: { anyOf: [{ type: "integer" }, { type: "string" }] } } },
      },
      "x-kubernetes-selectable-fields": [{ fieldPath: "spec.text" }],
    });
    registry.remove(GREETING);
    expect(get(documents, "/openapi/v3/apis/example.com/v1").status).toBe(404);
  });
});

describe("the document of v2", () => {
  const documents = new OpenApiDocuments(new Registry([...BUILTIN_RESOURCES, GREETING]));
  const definitions = asObject(jsonOf(get(documents, "/openapi/v2"))["definitions"]);

  it("holds the definitions, in words that v2 has", () => {
    expect(asObject(definitions["io.k8s.api.apps.v1.DeploymentStrategy"])["properties"]).toMatchObject({
      rollingUpdate: { $ref: "#/definitions/io.k8s.api.apps.v1.RollingUpdateDeployment" },
    });
    expect(definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]).toMatchObject({
      type: "string",
      format: "int-or-string",
    });
    expect(JSON.stringify(definitions)).not.toMatch(/"(anyOf|oneOf|allOf)":\[/);
  });

  it("is the same in protobuf", () => {
    const answer = get(
      documents,
      "/openapi/v2",
      "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    );
    expect(answer.contentType).toBe("application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    const bytes = answer.body.kind === "bytes" ? answer.body.bytes : new Uint8Array();
    const message = readFields(bytes).find((field) => field.number === 9)?.value as Uint8Array;
    const names = readFields(message).map(({ value }) => {
      const [name] = readFields(value as Uint8Array);
      return Buffer.from(name?.value as Uint8Array).toString();
    });
    expect(names.sort()).toEqual(Object.keys(definitions).sort());
  });
});
