import { describe, expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../../test/support/api-calls.ts";

const DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/web";

function apply(api: ApiCalls, manager: string, spec: Json, force = false, metadata: Json = {}) {
  const config = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", ...metadata }, spec };
  return api.patch(`${DEPLOYMENT}?fieldManager=${manager}&force=${force}`, config, "apply-patch+yaml");
}

const container = (name: string, extra: Json = {}) => ({ name, image: `${name}:1`, ...extra });

function specWith(containers: readonly Json[], extra: Json = {}): Json {
  return {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers } },
    ...extra,
  };
}

const namesOf = (body: Json) => body["spec"].template.spec.containers.map((item: Json) => item["name"]);

describe("server-side apply of a built-in kind", () => {
  it("creates what is not there, and changes nothing the second time", async () => {
    const api = new ApiCalls();
    const first = await apply(api, "a", specWith([container("main", { ports: [{ containerPort: 80 }] })]));
    expect(first.status).toBe(201);
    await api.clock.advance(60_000);
    const second = await apply(api, "a", specWith([container("main", { ports: [{ containerPort: 80 }] })]));
    expect(second).toMatchObject({ status: 200, body: first.body });
  });

  it("lets managers own elements of one list, and removes what its owner gives up", async () => {
    const api = new ApiCalls();
    await apply(api, "a", specWith([container("main"), container("old")]));
    const both = await apply(api, "b", specWith([container("side")]));
    expect(namesOf(both.body)).toEqual(["main", "old", "side"]);
    const less = await apply(api, "a", specWith([container("main")]));
    expect(namesOf(less.body)).toEqual(["main", "side"]);
  });

  it("keeps what another manager owns as well", async () => {
    const api = new ApiCalls();
    await apply(api, "a", specWith([container("main")], { replicas: 3 }));
    await apply(api, "b", specWith([container("main")], { replicas: 3 }));
    const given = await apply(api, "a", specWith([container("main")]));
    expect(given.body["spec"].replicas).toBe(3);
    const gone = await apply(api, "b", specWith([container("main")]));
    expect(gone.body["spec"].replicas).toBe(1);
  });

  it("conflicts with fields of others that would change, unless it is forced", async () => {
    const api = new ApiCalls();
    await apply(api, "a", specWith([container("main")], { replicas: 3 }));
    await api.patch(`${DEPLOYMENT}?fieldManager=editor`, { spec: { replicas: 5 } });
    const refused = await apply(api, "a", specWith([container("main")], { replicas: 3 }));
    expect(refused).toMatchObject({
      status: 409,
      body: { message: 'Apply failed with 1 conflict: conflict with "editor" using apps/v1: .spec.replicas' },
    });
    const forced = await apply(api, "a", specWith([container("main")], { replicas: 3 }), true);
    expect(forced.body["spec"].replicas).toBe(3);
    const managers = forced.body["metadata"].managedFields.map((entry: Json) => entry["manager"]);
    expect(managers).toEqual(["a"]);
  });

  it("through the status subresource owns the status alone", async () => {
    const api = new ApiCalls();
    await apply(api, "a", specWith([container("main")]));
    const config = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      status: { conditions: [{ type: "Available", status: "True" }] },
    };
    const answer = await api.patch(`${DEPLOYMENT}/status?fieldManager=c`, config, "apply-patch+yaml");
    const own = answer.body["metadata"].managedFields.find((entry: Json) => entry["manager"] === "c");
    expect(own).toMatchObject({ subresource: "status", fieldsV1: { "f:status": { "f:conditions": {} } } });
    expect(Object.keys(own.fieldsV1)).toEqual(["f:status"]);
  });
});
