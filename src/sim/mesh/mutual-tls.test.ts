import { describe, expect, it } from "vitest";
import { aDestinationRule, aPeerAuthentication, aPod, aSlice } from "../../../test/support/mesh-objects.ts";
import { aMesh, metric, TRAFFIC, weights } from "../../../test/support/small-mesh.ts";
import type { PeerAuthentication } from "./istio.ts";
import { PeerAuthentications } from "./peer-authentication.ts";

const STRICT = { mtls: { mode: "STRICT" } } as const;
const BARE = { labels: { "sidecar.istio.io/inject": "false" } };

describe("STRICT mutual TLS", () => {
  it("refuses clients without a sidecar, whom nobody counts, and serves the others", async () => {
    const { clock, fed, mesh, to } = aMesh();
    mesh.setTraffic("outside", { ...TRAFFIC, from: { ...TRAFFIC.from, sidecar: false } });
    fed.put(aPeerAuthentication(STRICT));
    await clock.advance(10_000);
    const refused = mesh.truth.requestsUnserved({ reason: "mutualTls" });
    expect(refused).toBeGreaterThan(4_000);
    expect(mesh.truth.userErrors()).toBe(refused);
    expect(to("checkout-primary")).toBe(mesh.truth.userRequests() - refused);
    expect(metric(mesh, "istio_requests_total", { connection_security_policy: "none" })).toBe(0);
    expect(metric(mesh, "istio_requests_total", { connection_security_policy: "mutual_tls" })).toBe(
      to("checkout-primary"),
    );
  });

  it("cannot be asked for by pods without a sidecar", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { from: { ...TRAFFIC.from, sidecar: false } } });
    const pods = [aPod("checkout-primary", 9, { hash: "bare", ...BARE })];
    fed.put(...pods, aSlice("checkout", pods), aPeerAuthentication(STRICT));
    await clock.advance(5_000);
    expect(mesh.truth.userErrors()).toBe(0);
  });

  it("meets a DestinationRule that turns TLS off: 503 UC at the source, nothing at the destination", async () => {
    const { clock, fed, mesh } = aMesh();
    const rule = aDestinationRule({ host: "checkout-canary", trafficPolicy: { tls: { mode: "DISABLE" } } });
    fed.put(weights(100), aPeerAuthentication(STRICT), rule);
    await clock.advance(5_000);
    const seen = { reporter: "source", response_code: "503", response_flags: "UC" };
    expect(metric(mesh, "istio_requests_total", seen)).toBe(mesh.truth.userRequests());
    expect(metric(mesh, "istio_requests_total", { reporter: "destination" })).toBe(0);
  });
});

describe("mutual TLS that a DestinationRule insists on", () => {
  it("fails at pods without a sidecar: 503 UF, after the usual tries", async () => {
    const { clock, fed, mesh } = aMesh();
    const pods = [aPod("checkout", 9, { hash: "bare", ...BARE })];
    const rule = aDestinationRule({
      host: "checkout-canary",
      trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
    });
    fed.put(...pods, aSlice("checkout-canary", pods), weights(100), rule);
    await clock.advance(5_000);
    expect(metric(mesh, "istio_requests_total", { response_code: "503", response_flags: "UF,URX" })).toBe(
      mesh.truth.userRequests(),
    );
    expect(mesh.truth.requestsUnserved({ reason: "mutualTls" })).toBe(3 * mesh.truth.userRequests());
  });
});

describe("what a pod asks of its callers", () => {
  const pod = aPod("checkout", 0);
  const mode = (...objects: readonly PeerAuthentication[]) => {
    const all = new PeerAuthentications();
    for (const [index, object] of objects.entries()) {
      all.put({ ...object, metadata: { ...object.metadata, name: `policy-${index}` } });
    }
    return all.modeOf(pod);
  };
  const MESH = aPeerAuthentication(STRICT, "istio-system");
  const NAMESPACE = aPeerAuthentication({ mtls: { mode: "DISABLE" } });
  const selector = { matchLabels: { app: "checkout" } };

  it("is both ways when nobody says anything", () => {
    expect(mode()).toBe("PERMISSIVE");
    expect(mode(aPeerAuthentication(STRICT, "elsewhere"))).toBe("PERMISSIVE");
  });

  it("is what the narrowest policy says: workload, namespace, mesh", () => {
    expect(mode(MESH)).toBe("STRICT");
    expect(mode(MESH, NAMESPACE)).toBe("DISABLE");
    expect(mode(MESH, NAMESPACE, aPeerAuthentication({ ...STRICT, selector }))).toBe("STRICT");
    const other = { matchLabels: { app: "cart" } };
    expect(mode(MESH, NAMESPACE, aPeerAuthentication({ ...STRICT, selector: other }))).toBe("DISABLE");
  });

  it("is taken from the wider policy where the narrower one leaves it open", () => {
    expect(mode(MESH, aPeerAuthentication({ mtls: { mode: "UNSET" } }))).toBe("STRICT");
    expect(mode(MESH, aPeerAuthentication({ selector }))).toBe("STRICT");
  });

  it("may differ by port", () => {
    const ported = {
      ...pod,
      spec: { containers: [{ name: "app", image: "a", ports: [{ containerPort: 8080 }] }] },
    };
    const all = new PeerAuthentications();
    all.put(aPeerAuthentication({ ...STRICT, portLevelMtls: { "8080": { mode: "PERMISSIVE" } } }));
    expect(all.modeOf(ported)).toBe("PERMISSIVE");
    expect(all.modeOf(pod)).toBe("STRICT");
  });
});
