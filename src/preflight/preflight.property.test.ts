import fc from "fast-check";
import { expect, it } from "vitest";
import { PreflightWorld, split } from "../../test/support/preflight-world.ts";

const MODES = ["UNSET", "PERMISSIVE", "STRICT"] as const;

/** A world in which requests reach both sides: whatever is drawn, callers and pods understand each other. */
const HEALTHY = fc.record({
  meshed: fc.constantFrom("sidecar", "none"),
  peers: fc.array(
    fc.record({
      namespace: fc.constantFrom("shop", "istio-system", "elsewhere"),
      name: fc.constantFrom("a", "b"),
      mode: fc.constantFrom(...MODES),
      selector: fc.option(fc.constantFrom({ app: "checkout" }, { app: "cart" }), { nil: undefined }),
      port: fc.option(fc.constantFrom("8080", "9090"), { nil: undefined }),
    }),
    { maxLength: 5 },
  ),
  tls: fc.constantFrom(undefined, "ISTIO_MUTUAL"),
  hosts: fc.subarray(["checkout", "checkout.shop.svc.cluster.local", "checkout.example.com"], {
    minLength: 1,
  }),
  others: fc.array(
    fc.record({
      name: fc.constantFrom("cart", "search", "edge"),
      hosts: fc.subarray(["cart", "search.example.com", "checkout.team.svc.cluster.local"]),
      at: fc.constantFrom("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
      gateways: fc.subarray(["mesh", "istio-system/public"]),
    }),
    { maxLength: 4 },
  ),
  retries: fc.option(
    fc.record({
      attempts: fc.nat(3),
      perTryTimeout: fc.constantFrom("500ms", "1s"),
      retryOn: fc.constantFrom("connect-failure", "connect-failure,refused-stream,reset-before-request"),
    }),
    { nil: undefined },
  ),
  port: fc.constantFrom(
    { name: "http" },
    { name: "http-web" },
    { name: "grpc" },
    { name: "web", appProtocol: "http" },
  ),
  outlier: fc.option(fc.record({ maxEjectionPercent: fc.nat(99), consecutive5xxErrors: fc.nat(9) }), {
    nil: undefined,
  }),
  own: fc.boolean(),
});

type Healthy = typeof HEALTHY extends fc.Arbitrary<infer T> ? T : never;

function worldOf(drawn: Healthy): PreflightWorld {
  const { meshed, peers, tls, hosts, others, retries, port, outlier, own } = drawn;
  const world = new PreflightWorld();
  const isMeshed = meshed === "sidecar";
  if (!isMeshed) world.pods("checkout", [false, false]).pods("checkout-primary", [false]);
  for (const { namespace, name, mode, selector, port: ported } of peers) {
    // Nobody asks for what pods without a proxy cannot give.
    const mtls = { mode: isMeshed ? mode : "PERMISSIVE" };
    const portLevelMtls = ported === undefined ? {} : { portLevelMtls: { [ported]: mtls } };
    const selects = selector === undefined ? {} : { selector: { matchLabels: selector } };
    world.put(world.peers({ mtls, ...portLevelMtls, ...selects }, namespace, name));
  }
  const policy = {
    ...(tls === undefined || !isMeshed ? {} : { tls: { mode: tls } }),
    ...(outlier === undefined ? {} : { outlierDetection: outlier }),
  };
  for (const host of ["checkout-primary", "checkout-canary"])
    world.put(world.rule(host, { host, trafficPolicy: policy }));
  const settings = retries === undefined ? {} : { retries, timeout: "4s" };
  const route = split({ name: "main", ...settings });
  world.put(world.virtualService("checkout", { hosts, http: [route] }, "2026-01-05T09:00:00Z"));
  for (const { name, at, ...spec } of others)
    world.put(
      world.virtualService(name, { ...spec, http: [{ route: [{ destination: { host: "cart" } }] }] }, at),
    );
  world.put(world.service("checkout", { ...port, port: 80, targetPort: "http" }));
  world.spec = {
    service: {
      port: 80,
      portName: port.name,
      ...("appProtocol" in port ? { appProtocol: port.appProtocol } : {}),
    },
    traffic: { istio: own ? { virtualServices: [{ name: "checkout", routes: ["main"] }] } : settings },
  };
  return world;
}

it("a world in which requests reach both sides has nothing to be told of", () => {
  fc.assert(
    fc.property(HEALTHY, (drawn) => {
      expect(worldOf(drawn).found()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it("the same world with one thing broken is told of that thing", () => {
  const broken = {
    sidecar: (world: PreflightWorld) =>
      world.pods("checkout-primary", [true]).pods("checkout", [true, false]),
    "virtual-service-conflict": (world: PreflightWorld) =>
      world.put(
        world.virtualService("old", { hosts: ["checkout.shop.svc.cluster.local"] }, "2019-01-01T00:00:00Z"),
      ),
    "readiness-probe": (world: PreflightWorld) =>
      world.put(
        world.deployment(
          "checkout",
          { app: "checkout" },
          { containers: [{ name: "app", ports: [{ name: "http", containerPort: 8080 }] }] },
        ),
      ),
    "outlier-ejection": (world: PreflightWorld) =>
      world.put(
        world.rule("checkout-canary", {
          host: "checkout-canary",
          trafficPolicy: { outlierDetection: { maxEjectionPercent: 100 } },
        }),
      ),
  };
  fc.assert(
    fc.property(HEALTHY, fc.constantFrom(...Object.keys(broken)), (drawn, name) => {
      const checkout = ["checkout", "checkout.shop.svc.cluster.local"];
      const hosts = [...new Set([...checkout.slice(0, 1), ...drawn.hosts])];
      const world = worldOf({ ...drawn, meshed: "sidecar", hosts });
      broken[name as keyof typeof broken](world);
      const checks = world.findings().map(({ check }) => check as string);
      expect(checks).toContain(name);
    }),
    { numRuns: 200 },
  );
});
