import { describe, expect, it } from "vitest";
import { aService, aSlice, aVirtualService } from "../../../test/support/mesh-objects.ts";
import { aMesh, CANARY, metric, PRIMARY, within } from "../../../test/support/small-mesh.ts";
import type { Service } from "../../kube/kind/network.ts";
import type { ConnectionMatch, VirtualService } from "./istio.ts";
import type { TrafficSpec } from "./traffic-spec.ts";

const OPENED = "istio_tcp_connections_opened_total";
const CLOSED = "istio_tcp_connections_closed_total";

function port(name: string, number = 80): Service {
  const service = aService("checkout");
  return { ...service, spec: { ...service.spec, ports: [{ name, port: number }] } };
}

function split(canary: number, kind: "tcp" | "tls", match?: ConnectionMatch): VirtualService {
  const route = {
    ...(match === undefined ? {} : { match: [match] }),
    route: [
      { destination: { host: "checkout-primary" }, weight: 100 - canary },
      { destination: { host: "checkout-canary" }, weight: canary },
    ],
  };
  return aVirtualService({ hosts: ["checkout"], [kind]: [route] });
}

function tcpMesh(traffic: Partial<TrafficSpec> = {}) {
  const mesh = aMesh({ traffic: { protocol: "tcp", rps: 50, connectionMs: 10_000, ...traffic } });
  mesh.fed.put(port("tcp-redis"));
  return mesh;
}

describe("connections", () => {
  it("are dealt by the weights of tcp routes, and counted by both sides", async () => {
    const { clock, fed, mesh, to } = tcpMesh();
    fed.put(split(20, "tcp"));
    await clock.advance(120_000);
    const all = to("checkout") + to("checkout-primary");
    within(all, 6_000, 350);
    within(to("checkout") / all, 0.2, 0.03);
    for (const reporter of ["source", "destination"]) {
      const labels = { reporter, destination_workload: "checkout", request_protocol: "tcp" };
      expect(metric(mesh, OPENED, labels)).toBe(to("checkout"));
    }
    // 50 a second that last 10 s: about 500 are open.
    within(
      metric(mesh, OPENED, { reporter: "source" }) - metric(mesh, CLOSED, { reporter: "source" }),
      500,
      120,
    );
    const bytes = metric(mesh, "istio_tcp_sent_bytes_total", { reporter: "destination" });
    within(bytes / (120_000 * 500), 1, 0.2);
    expect(metric(mesh, "istio_requests_total", {})).toBe(0);
  });

  it("that are open stay where they are when weights change, and end in their time", async () => {
    const { clock, fed, mesh, to } = tcpMesh();
    fed.put(split(100, "tcp"));
    await clock.advance(60_000);
    const before = to("checkout");
    fed.put(split(0, "tcp"));
    await clock.advance(10_000);
    expect(to("checkout")).toBe(before);
    const labels = { reporter: "source", destination_workload: "checkout" };
    const open = () => metric(mesh, OPENED, labels) - metric(mesh, CLOSED, labels);
    // After their mean time 1/e of about 500 are left.
    within(open(), 184, 70);
    await clock.advance(120_000);
    expect(open()).toBe(0);
    expect(mesh.truth.brokenConnections()).toBe(0);
  });

  it("break when their pod stops serving", async () => {
    const { clock, fed, mesh } = tcpMesh();
    fed.put(split(100, "tcp"));
    await clock.advance(60_000);
    fed.put(split(0, "tcp"), aSlice("checkout-canary", []));
    fed.remove(...CANARY);
    await clock.advance(1_000);
    within(mesh.truth.brokenConnections(), 500, 150);
    expect(mesh.truth.userErrors()).toBe(mesh.truth.brokenConnections());
    expect(metric(mesh, CLOSED, { reporter: "source" })).toBeGreaterThan(500);
  });

  it("fail at pods that are gone (UF), at Services without pods (UH), and where nobody listens", async () => {
    const { clock, fed, mesh } = tcpMesh();
    const seen = (flags: string) => metric(mesh, OPENED, { reporter: "source", response_flags: flags });
    fed.put(split(100, "tcp"), aSlice("checkout-canary", []));
    await clock.advance(5_000);
    expect(seen("UH")).toBe(mesh.truth.requestsUnserved({ reason: "noEndpoints" }));
    expect(seen("UH")).toBeGreaterThan(100);
    fed.put(split(0, "tcp"));
    fed.remove(...PRIMARY);
    await clock.advance(5_000);
    expect(seen("UF,URX")).toBe(mesh.truth.requestsToUnready());
    expect(seen("UF,URX")).toBeGreaterThan(100);
    mesh.setTraffic("web-0", { ...mesh.traffic.get("web-0")!, host: "nobody.example.com" });
    await clock.advance(5_000);
    expect(mesh.truth.requestsUnserved({ reason: "noRoute" })).toBeGreaterThan(100);
  });

  it("go to the called Service where no route takes them", async () => {
    const { clock, fed, to } = tcpMesh();
    fed.put(split(100, "tcp", { port: 9_999 }));
    await clock.advance(10_000);
    expect(to("checkout")).toBe(0);
    expect(to("checkout-primary")).toBeGreaterThan(300);
  });

  it("with TLS are routed by server name at a port that says so", async () => {
    const { clock, fed, to } = tcpMesh({ protocol: "tls" });
    fed.put(port("tls-db"), split(100, "tls", { sniHosts: ["*.shop.svc.cluster.local"] }));
    await clock.advance(10_000);
    expect(to("checkout-primary")).toBe(0);
    const inShop = to("checkout");
    expect(inShop).toBeGreaterThan(300);
    fed.put(split(100, "tls", { sniHosts: ["db.example.com"] }));
    await clock.advance(10_000);
    expect(to("checkout")).toBe(inShop);
    expect(to("checkout-primary")).toBeGreaterThan(300);
  });

  it("reach a gateway's routes, and nobody where it has none", async () => {
    const { clock, fed, mesh, to } = tcpMesh({ gateway: "shop/public", host: "db.example.com" });
    const { spec } = split(100, "tcp", { port: 80 });
    fed.put(aVirtualService({ ...spec, hosts: ["db.example.com"], gateways: ["public"] }));
    await clock.advance(10_000);
    expect(to("checkout")).toBe(mesh.truth.userRequests());
    mesh.setTraffic("web-0", { ...mesh.traffic.get("web-0")!, port: 81 });
    await clock.advance(10_000);
    expect(mesh.truth.requestsUnserved({ reason: "noRoute" })).toBe(mesh.truth.userErrors());
    expect(mesh.truth.userErrors()).toBeGreaterThan(300);
  });
});

describe("a port's name", () => {
  it("that says tcp makes requests bytes: http routes and request metrics are not for them", async () => {
    const { clock, fed, mesh, to } = aMesh({ images: { "shop/checkout-primary:v1": { errorRate: 0.5 } } });
    fed.put(port("tcp"), split(0, "tcp"));
    await clock.advance(10_000);
    expect(metric(mesh, "istio_requests_total", {})).toBe(0);
    expect(metric(mesh, OPENED, { reporter: "destination" })).toBe(to("checkout-primary"));
    expect(metric(mesh, CLOSED, { reporter: "destination" })).toBe(to("checkout-primary"));
    within(mesh.truth.userErrors() / mesh.truth.userRequests(), 0.5, 0.05);
  });

  it("that says http makes connections of another kind fail", async () => {
    const { clock, fed, mesh } = tcpMesh();
    fed.put(port("http"));
    await clock.advance(5_000);
    expect(metric(mesh, "istio_requests_total", { response_code: "400", response_flags: "DPE" })).toBe(
      mesh.truth.userRequests(),
    );
  });
});
