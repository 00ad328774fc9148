import type { HttpRoute, RouteDestination, VirtualService } from "../../src/kube/kind/network.ts";
import { DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import type { AdapterWorld } from "../support/adapter-world.ts";
import { type RouteReading, type RouterUnderTest, routerContract } from "./router.contract.ts";

/** How the two sides are named in routes. */
interface Naming {
  readonly isCanary: (it: RouteDestination["destination"]) => boolean;
  readonly primary: RouteDestination["destination"];
}

const HOSTS: Naming = {
  isCanary: ({ host }) => host === "checkout-canary",
  primary: { host: "checkout" },
};
const SUBSETS: Naming = {
  isCanary: ({ subset }) => subset === "canary",
  primary: { host: "checkout", subset: "stable" },
};

const OWN = { virtualServices: [{ name: "edge" }] };
const RULE = {
  destinationRule: { name: "checkout-rule", primarySubset: "stable", canarySubset: "canary" },
};
/** Makes DestinationRules of both Services. */
const POLICY = {
  trafficPolicy: {
    connectionPool: { http: { http2MaxRequests: 1000 } },
    outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 50 },
  },
};
const POD_LABELS = { app: "checkout", service: "checkout" };

routerContract("Istio by hosts, generated", subject("checkout", HOSTS, { istio: POLICY }));
routerContract(
  "Istio by hosts, with the user's VirtualService",
  subject("edge", HOSTS, { istio: { ...OWN, ...POLICY } }),
);
routerContract("Istio by subsets, generated", subject("checkout", SUBSETS, { istio: RULE }));
routerContract(
  "Istio by subsets, with the user's VirtualService",
  subject("edge", SUBSETS, { istio: { ...OWN, ...RULE } }),
);

function subject(name: string, naming: Naming, spec: Record<string, unknown>): RouterUnderTest {
  const isOwn = name === "edge";
  const find = async (world: AdapterWorld): Promise<VirtualService> => {
    const found = await world.find(VIRTUAL_SERVICE, name);
    if (found === null) throw new Error(`no VirtualService ${name}`);
    return found;
  };
  const main = ({ spec: { http = [] } }: VirtualService) => {
    const index = http.findLastIndex((route) => route.name === undefined || route.name === "main");
    return { index, route: http[index] as HttpRoute };
  };
  const change = async (world: AdapterWorld, path: string, value: unknown) => {
    const { index } = main(await find(world));
    const operations = [{ op: "add" as const, path: `/spec/http/${index}${path}`, value }];
    await world.settled(
      world.admin.patch(
        VIRTUAL_SERVICE,
        { namespace: "default", name },
        { type: "json", operations },
        { fieldManager: "intruder" },
      ),
    );
  };
  return {
    spec,
    podLabels: POD_LABELS,
    router: (world) => new IstioRouter({ client: world.client, ...world.caches }),
    keepsTampering: isOwn,
    prepare: async (world) => {
      await world.settled(world.admin.create(SERVICE, SERVICE_OF_USER));
      if (naming === SUBSETS) await world.settled(world.admin.create(DESTINATION_RULE, RULE_OF_USER));
      if (isOwn) await world.settled(world.admin.create(VIRTUAL_SERVICE, virtualServiceOfUser(naming)));
      await world.advance();
    },
    read: async (world) => readRoutes(await find(world), naming),
    objectsOfUser: async (world) => [
      ...(isOwn ? [essence(await find(world))] : []),
      essence(await world.find(DESTINATION_RULE, "checkout-rule")),
    ],
    contest: async (world) => {
      const { route } = main(await find(world));
      const split = route.route?.map((it) => ({ ...it, weight: naming.isCanary(it.destination) ? 80 : 20 }));
      await change(world, "/route", split);
    },
    touch: async (world) => {
      await world.change(VIRTUAL_SERVICE, name, { metadata: { labels: { touched: "yes" } } });
    },
    tamper: async (world) => {
      await change(world, "/timeout", "1s");
      return async () => main(await find(world)).route.timeout === "1s";
    },
  };
}

/** The weighted route is the last one; before it stand ours. */
function readRoutes({ spec }: VirtualService, { isCanary }: Naming): RouteReading {
  const http = (spec.http ?? []).filter((route) => route.name !== "health");
  const weighted = http.at(-1);
  const weightOf = (side: boolean) =>
    weighted?.route?.find(({ destination }) => isCanary(destination) === side)?.weight;
  const destinations = weighted?.route?.length ?? 0;
  const count = (kind: string) =>
    http.filter(({ name }) => name?.startsWith(`sluice-checkout-${kind}`)).length;
  return {
    primary: weightOf(false) ?? (destinations === 1 ? 100 : 0),
    canary: weightOf(true) ?? 0,
    mirror: http.find(({ name }) => name === "sluice-checkout-mirror")?.mirrorPercentage?.value ?? 0,
    reserved: count("reserved"),
    sticky: count("sticky") + count("assign"),
  };
}

/** An object without what every write changes. */
function essence(object: VirtualService | { readonly metadata: object } | null): unknown {
  if (object === null) return null;
  const {
    resourceVersion: _version,
    generation: _generation,
    managedFields: _fields,
    ...metadata
  } = object.metadata as Record<string, unknown>;
  return JSON.stringify({ ...object, metadata });
}

const SERVICE_OF_USER = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "checkout", namespace: "default" },
  spec: { selector: { service: "checkout" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
} as never;

const RULE_OF_USER = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "checkout-rule", namespace: "default", labels: { team: "shop" } },
  spec: {
    host: "checkout",
    trafficPolicy: { connectionPool: { tcp: { maxConnections: 10 } } },
    subsets: [
      { name: "canary", labels: { app: "checkout" }, trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } },
      { name: "stable", labels: { app: "checkout" } },
      { name: "other", labels: { app: "other" } },
    ],
  },
} as never;

function virtualServiceOfUser({ primary }: Naming): VirtualService {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "edge", namespace: "default", labels: { team: "shop" } },
    spec: {
      hosts: ["checkout.example.com"],
      gateways: ["istio-system/public"],
      http: [
        { name: "health", match: [{ uri: { exact: "/healthz" } }], directResponse: { status: 200 } },
        {
          name: "main",
          match: [{ uri: { prefix: "/" } }],
          route: [{ destination: primary, headers: { request: { set: { "x-side": "primary" } } } }],
          timeout: "8s",
          retries: { attempts: 2, perTryTimeout: "3s" },
        },
      ],
    },
  };
}
