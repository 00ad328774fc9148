import { describe, expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../../test/support/api-calls.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const THINGS = "/apis/example.com/v1/namespaces/default/things";

function definition(schema: Json = {}, extra: Json = {}): Json {
  return {
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
          schema: {
            openAPIV3Schema: { type: "object", properties: { spec: { type: "object", ...schema } } },
          },
          ...extra,
        },
      ],
    },
  };
}

const thing = (spec: Json, finalizers: readonly string[] = []) => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  metadata: { name: "a", finalizers },
  spec,
});

describe("a CustomResourceDefinition", () => {
  it("is served from its creation until its last object is gone", async () => {
    const api = new ApiCalls();
    expect((await api.get(THINGS)).status).toBe(404);
    await api.post(CRDS, definition());
    expect((await api.post(THINGS, thing({}, ["example.com/hold"]))).status).toBe(201);
    await api.delete(`${CRDS}/things.example.com`);
    expect((await api.get(`${THINGS}/a`)).body["metadata"].deletionTimestamp).toBeDefined();
    await api.patch(`${THINGS}/a`, { metadata: { finalizers: null } });
    expect((await api.get(THINGS)).status).toBe(404);
    expect((await api.get(`${CRDS}/things.example.com`)).status).toBe(404);
  });

  it("that changes is obeyed by the next write, and keeps the objects that there are", async () => {
    const api = new ApiCalls();
    await api.post(CRDS, definition({ properties: { size: { type: "integer" } } }));
    await api.post(THINGS, thing({ size: 50 }));
    const { body } = await api.get(`${CRDS}/things.example.com`);
    body["spec"].versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 10;
    expect((await api.put(`${CRDS}/things.example.com`, structuredClone(body))).status).toBe(200);
    expect((await api.patch(`${THINGS}/a`, { spec: { size: 60 } })).status).toBe(422);
    // What an update leaves as it was is not checked again.
    expect((await api.patch(`${THINGS}/a`, { metadata: { labels: { a: "b" } } })).status).toBe(200);
  });

  it("keeps two served versions of one object apart by name alone", async () => {
    const api = new ApiCalls();
    const crd = definition({ "x-kubernetes-preserve-unknown-fields": true });
    crd["spec"].versions.push({ ...crd["spec"].versions[0], name: "v2", storage: false });
    await api.post(CRDS, crd);
    await api.post(THINGS, thing({ size: 1 }));
    const other = await api.get(THINGS.replace("/v1/", "/v2/"));
    expect(other.body["items"]).toMatchObject([{ apiVersion: "example.com/v2", spec: { size: 1 } }]);
  });

  const REFUSED: Readonly<Record<string, readonly [crd: Json, text: string]>> = {
    "without types": [definition({ properties: { a: {} } }), "must not be empty for specified object fields"],
    "with a rule that is no CEL": [
      definition({ "x-kubernetes-validations": [{ rule: "self.(" }] }),
      "compilation failed",
    ],
    "with a default that its schema forbids": [
      definition({ properties: { a: { type: "integer", default: "x" } } }),
      "must be of type integer",
    ],
    "without a stored version": [definition({}, { storage: false }), "exactly one version"],
    "under another name": [
      { ...definition(), metadata: { name: "x.example.com" } },
      "must be spec.names.plural",
    ],
  };

  for (const [title, [crd, text]] of Object.entries(REFUSED)) {
    it(`${title} is refused`, async () => {
      const answer = await new ApiCalls().post(CRDS, crd);
      expect(answer.status).toBe(422);
      expect(answer.body["message"]).toContain(text);
    });
  }
});
