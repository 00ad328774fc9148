import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiCalls } from "../../../test/support/api-calls.ts";

const PATHS = [
  "/api/v1/namespaces/default/configmaps",
  "/api/v1/namespaces/default/configmaps/x",
  "/api/v1/namespaces/default/services",
  "/api/v1/namespaces/default/pods",
  "/apis/apps/v1/namespaces/default/deployments",
  "/apis/apps/v1/namespaces/default/deployments/x",
  "/apis/apps/v1/namespaces/default/deployments/x/scale",
  "/apis/apps/v1/namespaces/default/deployments/x/status",
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  "/apis/example.com/v1/namespaces/default/things",
  "/apis/example.com/v1/namespaces/default/things/x",
];

/** What the paths above find, so that requests get past "not found". */
async function populate(api: ApiCalls): Promise<void> {
  await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", THINGS);
  await api.post("/api/v1/namespaces/default/configmaps", { metadata: { name: "x" }, data: { a: "b" } });
  await api.post("/apis/example.com/v1/namespaces/default/things", {
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { name: "x" },
    spec: { replicas: 1 },
  });
  await api.post("/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "x" },
    spec: {
      selector: { matchLabels: { app: "x" } },
      template: { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "main", image: "i" }] } },
    },
  });
}

const TYPES = [
  "application/json",
  "application/yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "text/plain",
];

const OBJECT_NAMES = [
  "apiVersion",
  "kind",
  "metadata",
  "name",
  "spec",
  "status",
  "data",
  "labels",
  "finalizers",
  "ownerReferences",
  "managedFields",
  "selector",
  "matchLabels",
  "template",
  "containers",
  "ports",
  "replicas",
  "versions",
  "names",
  "schema",
  "rules",
  "__proto__",
  "constructor",
  "$patch",
  "op",
  "path",
  "value",
];

/** JSON with the names that objects have, and values of any type under them. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      null,
      true,
      -1,
      1.5,
      1e300,
      "",
      "x",
      "v1",
      "Deployment",
      "/spec/replicas",
      "add",
      "2020-01-01T00:00:00Z",
    ),
    tie("object"),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
  object: fc.dictionary(fc.constantFrom(...OBJECT_NAMES), tie("value"), { maxKeys: 6 }),
})).value;

const body = fc.oneof(
  json,
  json.map((value) => JSON.stringify(value)),
  json.map((value) => (JSON.stringify(value) ?? "").slice(0, -3)),
  fc.string(),
);

const THINGS = {
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-preserve-unknown-fields": true,
                properties: {
                  replicas: { type: "integer", minimum: 0 },
                  ports: { type: "array", items: { type: "string" } },
                },
                "x-kubernetes-validations": [{ rule: "!has(self.replicas) || self.replicas < 5" }],
              },
            },
          },
        },
      },
    ],
  },
};

describe("a malformed request", () => {
  it("is answered with a Status that fits, and never breaks the server", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom("POST", "PUT", "PATCH", "DELETE"),
            fc.constantFrom(...PATHS),
            fc.constantFrom(...TYPES),
            body,
          ),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        async (requests) => {
          const api = new ApiCalls();
          await populate(api);
          for (const [method, path, type, sent] of requests) {
            // An error of our own is rethrown by `call`, which fails the property.
            const answer = await api.call(method, path, sent, { "content-type": type });
            expect(answer.status).toBeGreaterThanOrEqual(200);
            expect(answer.status).toBeLessThan(600);
          }
          expect((await api.get("/api/v1/namespaces/default")).status).toBe(200);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("with strange queries and headers is refused or understood", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("0", "-1", "abc", "true", "a=b", "a in (b", "!", ",,", "metadata.name=x"),
    );
    const query = fc.dictionary(
      fc.constantFrom(
        "labelSelector",
        "fieldSelector",
        "limit",
        "continue",
        "resourceVersion",
        "resourceVersionMatch",
        "timeoutSeconds",
        "sendInitialEvents",
        "fieldManager",
        "dryRun",
        "force",
      ),
      text,
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), query, fc.string(), async (path, values, accept) => {
        const api = new ApiCalls();
        const answer = await api.call("GET", `${path}?${new URLSearchParams(values)}`, undefined, { accept });
        expect(answer.status).toBeLessThan(600);
      }),
      { numRuns: 150 },
    );
  });
});
