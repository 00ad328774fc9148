import type { VirtualService } from "../../src/kube/kind/network.ts";
import { DESTINATION_RULE, VIRTUAL_SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import type { AdapterWorld } from "../support/adapter-world.ts";
import { type RouterUnderTest, routerContract } from "./router.contract.ts";

const NAME = "checkout";

routerContract("Istio", (world) => ({
  router: new IstioRouter({ client: world.client, ...world.caches }),
  ...hands(world),
}));

function hands(world: AdapterWorld): Omit<RouterUnderTest, "router"> {
  const virtualService = () => world.find(VIRTUAL_SERVICE, NAME);
  const change = async (http: unknown) => {
    await world.change(VIRTUAL_SERVICE, NAME, { spec: { http } });
  };
  return {
    read: async () => {
      const found = await virtualService();
      return found === null ? null : readRoute(found);
    },
    tamper: async () => {
      const [route] = (await virtualService())?.spec.http ?? [];
      await change([
        { ...route, timeout: "1s", fault: { abort: { httpStatus: 500, percentage: { value: 1 } } } },
      ]);
    },
    touch: async () => {
      await world.change(VIRTUAL_SERVICE, NAME, { metadata: { labels: { touched: "yes" } } });
    },
    wreck: () => change([]),
    removeCompanions: async () => {
      for (const side of ["primary", "canary"]) await world.remove(DESTINATION_RULE, `${NAME}-${side}`);
    },
    remove: () => world.remove(VIRTUAL_SERVICE, NAME),
    occupy: async () => {
      const spec = { hosts: ["elsewhere"], http: [{ route: [{ destination: { host: "elsewhere" } }] }] };
      await world.settled(
        world.admin.create(VIRTUAL_SERVICE, {
          apiVersion: "networking.istio.io/v1",
          kind: "VirtualService",
          metadata: { name: NAME, namespace: "default" },
          spec,
        }),
      );
      return spec;
    },
    spec: async () => (await virtualService())?.spec,
  };
}

/** Strictly: one route, two destinations by their hosts, weights written out. */
function readRoute({ spec }: VirtualService): Awaited<ReturnType<RouterUnderTest["read"]>> {
  const [route, ...others] = spec.http ?? [];
  const weights = new Map(route?.route?.map(({ destination, weight }) => [destination.host, weight]));
  const primary = weights.get(`${NAME}-primary`);
  const canary = weights.get(`${NAME}-canary`);
  if (others.length > 0 || weights.size !== 2 || primary === undefined || canary === undefined) {
    throw new Error(`not a split between the two sides: ${JSON.stringify(spec)}`);
  }
  const mirror = route?.mirror === undefined ? 0 : (route.mirrorPercentage?.value ?? 100);
  return { primary, canary, mirror };
}
