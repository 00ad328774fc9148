import { describe, expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../../test/support/api-calls.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const HOME = "/api/v1/namespaces/default";

/** A server with the service account `bot`, and the headers of its token. */
async function withBot() {
  const api = new ApiCalls();
  await api.post(`${HOME}/serviceaccounts`, { metadata: { name: "bot" } });
  const { body } = await api.post(`${HOME}/serviceaccounts/bot/token`, { spec: { expirationSeconds: 600 } });
  return { api, headers: { authorization: `Bearer ${body["status"].token}` } };
}

async function grant(api: ApiCalls, rules: readonly Json[]): Promise<void> {
  await api.post(`${RBAC}/namespaces/default/roles`, { metadata: { name: "r" }, rules });
  await api.post(`${RBAC}/namespaces/default/rolebindings`, {
    metadata: { name: "r" },
    roleRef: { kind: "Role", name: "r" },
    subjects: [{ kind: "ServiceAccount", name: "bot", namespace: "default" }],
  });
}

describe("RBAC", () => {
  it("refuses what is not granted, and allows what is, from the moment of the grant", async () => {
    const { api, headers } = await withBot();
    const list = () => api.call("GET", `${HOME}/configmaps`, undefined, headers);
    expect(await list()).toMatchObject({
      status: 403,
      body: {
        message:
          'configmaps is forbidden: User "system:serviceaccount:default:bot" cannot list resource "configmaps" in API group "" in the namespace "default"',
      },
    });
    await grant(api, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }]);
    expect((await list()).status).toBe(200);
    expect((await api.call("GET", "/api/v1/configmaps", undefined, headers)).status).toBe(403);
    await api.delete(`${RBAC}/namespaces/default/rolebindings/r`);
    expect((await list()).status).toBe(403);
  });

  it("tells an object from its subresource and from other names", async () => {
    const { api, headers } = await withBot();
    for (const name of ["a", "b"]) {
      await api.post("/apis/apps/v1/namespaces/default/deployments", {
        metadata: { name },
        spec: {
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name: "m", image: "i" }] },
          },
        },
      });
    }
    await grant(api, [
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale"],
        resourceNames: ["a"],
        verbs: ["get", "patch"],
      },
    ]);
    const statusOf = async (path: string) =>
      (await api.call("GET", `/apis/apps/v1/namespaces/default/deployments/${path}`, undefined, headers))
        .status;
    expect(await statusOf("a/scale")).toBe(200);
    expect(await statusOf("a")).toBe(403);
    expect(await statusOf("b/scale")).toBe(403);
  });

  it("takes a token until it expires or its account is deleted", async () => {
    const { api, headers } = await withBot();
    const review = async () =>
      (await api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, headers)).status;
    expect(await review()).toBe(201);
    await api.clock.advance(601_000);
    expect(await review()).toBe(401);

    const other = await withBot();
    await other.api.delete(`${HOME}/serviceaccounts/bot`);
    expect((await other.api.call("GET", "/version", undefined, other.headers)).status).toBe(401);
  });

  it("lets only those impersonate who may", async () => {
    const { api, headers } = await withBot();
    const as = { "impersonate-user": "jane" };
    expect((await api.call("GET", `${HOME}/configmaps`, undefined, as)).body["message"]).toContain(
      'User "jane"',
    );
    const refused = await api.call("GET", `${HOME}/configmaps`, undefined, { ...headers, ...as });
    expect(refused.body["message"]).toContain('cannot impersonate resource "users"');
  });

  it("treats requests from the network without a token as anonymous", async () => {
    const { server } = new ApiCalls();
    const answer = await server.network.send({
      method: "GET",
      path: `${HOME}/configmaps`,
      query: new URLSearchParams(),
      headers: {},
    });
    expect(answer.status).toBe(403);
  });
});
