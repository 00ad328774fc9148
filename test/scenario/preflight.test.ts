import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import type { ApiResponse, Transport } from "../../src/kube/transport.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";

function load(file: string) {
  return loadScenario(file, (path) => readFile(path, "utf8"));
}

function failure(code: number, reason: string): ApiResponse {
  const value = { apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message: reason };
  return { status: code, contentType: "application/json", warnings: [], body: { kind: "json", value } };
}

test("without preflight, requests to a canary without a sidecar fail until evidence rolls it back", async () => {
  const result = await rehearse({ loaded: await load("examples/missing-sidecar/without-preflight.yaml") });
  expect(result.expectations).toBe("met");
}, 60_000);

test("a namespace that has lost its label blocks a run until its pods are made again in the mesh", async () => {
  const told = new Set<string>();
  const result = await rehearse({
    loaded: await load("examples/missing-sidecar/unlabelled-namespace.yaml"),
    onTransition: ({ reason = "" }) => told.add(reason),
  });
  expect(result.expectations).toBe("met");
  expect([...told].join("\n")).toContain(
    "Label the namespace: kubectl label namespace shop istio-injection=enabled; and delete the canary's pods",
  );
}, 60_000);

test("a cluster that has no PeerAuthentications, and lets no Namespaces be read, is looked at without", async () => {
  const told = new Set<string>();
  const listed = { peerauthentications: 0, namespaces: 0 };
  const narrow = (server: Transport): Transport => ({
    send: async (request) => {
      const { path, body } = request;
      if (path.endsWith("/peerauthentications")) {
        listed.peerauthentications += 1;
        return failure(404, "NotFound");
      }
      if (path === "/api/v1/namespaces") {
        listed.namespaces += 1;
        return failure(403, "Forbidden");
      }
      const { status } = (body ?? {}) as { status?: { conditions?: { type: string; message: string }[] } };
      for (const { type, message } of status?.conditions ?? []) if (type === "Preflight") told.add(message);
      return server.send(request);
    },
  });
  const result = await rehearse({ loaded: await load("examples/errors/scenario.yaml"), network: narrow });
  expect(result.expectations).toBe("met");
  expect([...told]).toEqual([
    "Nothing was found. Not looked at: peerauthentications.security.istio.io are not in this cluster; namespaces may not be read (RBAC).",
  ]);
  // Once at the start, and then every five minutes.
  expect(listed.peerauthentications).toBeLessThan(8);
}, 60_000);
