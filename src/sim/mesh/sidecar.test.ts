import { describe, expect, it } from "vitest";
import { aPod, aSlice } from "../../../test/support/mesh-objects.ts";
import { aMesh, metric, TRAFFIC, weights } from "../../../test/support/small-mesh.ts";
import { INJECTED_NAMESPACE, injectSidecar } from "./injector.ts";

const bare = { labels: { "sidecar.istio.io/inject": "false" } };

describe("pods without a sidecar", () => {
  it("serve, and are seen by the sending side alone", async () => {
    const { clock, fed, mesh, to } = aMesh();
    const pods = [aPod("checkout", 7, { hash: "cccc", ...bare })];
    fed.put(...pods, aSlice("checkout-canary", pods), weights(100));
    await clock.advance(10_000);
    const seen = (reporter: string) =>
      metric(mesh, "istio_requests_total", { reporter, destination_workload: "checkout" });
    expect(seen("source")).toBe(to("checkout"));
    expect(seen("destination")).toBe(0);
    expect(mesh.truth.userErrors()).toBe(0);
  });
});

describe("clients without a sidecar", () => {
  it("reach the Service itself, past all routes, as an unknown source in plain text", async () => {
    const { clock, fed, mesh, to } = aMesh({ traffic: { from: { ...TRAFFIC.from, sidecar: false } } });
    fed.put(weights(100));
    await clock.advance(10_000);
    expect(to("checkout")).toBe(0);
    expect(to("checkout-primary")).toBe(mesh.truth.userRequests());
    expect(metric(mesh, "istio_requests_total", { reporter: "source" })).toBe(0);
    const plain = {
      reporter: "destination",
      source_workload: "unknown",
      connection_security_policy: "none",
    };
    expect(metric(mesh, "istio_requests_total", plain)).toBe(to("checkout-primary"));
  });

  it("have nobody who tries again for them", async () => {
    const { clock, fed, mesh } = aMesh({
      delayMs: 2_000,
      traffic: { from: { ...TRAFFIC.from, sidecar: false } },
    });
    await clock.advance(4_000);
    const [gone] = fed.caches.pods.list();
    fed.remove(gone!);
    await clock.advance(2_000);
    expect(mesh.truth.userErrors()).toBe(mesh.truth.requestsToUnready());
    expect(mesh.truth.userErrors()).toBeGreaterThan(100);
  });
});

describe("injection", () => {
  it("adds the proxy and what tells of it, before other init containers", () => {
    const pod = { metadata: { labels: { app: "web" } }, spec: { initContainers: [{ name: "migrate" }] } };
    injectSidecar(pod, INJECTED_NAMESPACE);
    expect(pod).toMatchObject({
      metadata: {
        labels: {
          app: "web",
          "security.istio.io/tlsMode": "istio",
          "service.istio.io/canonical-name": "web",
          "service.istio.io/canonical-revision": "latest",
        },
        annotations: { "sidecar.istio.io/status": expect.stringContaining("istio-proxy") as string },
      },
      spec: { initContainers: [{ name: "istio-proxy", restartPolicy: "Always" }, { name: "migrate" }] },
    });
  });
});
