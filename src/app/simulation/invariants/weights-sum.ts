import type { VirtualService } from "../../../sim/mesh/istio.ts";
import type { InvariantFactory } from "../invariant.ts";
import { hostsOf } from "../routing-view.ts";

/** 1. Weights of every route sum to 100, and name only backends that exist when we write them. */
export const weightsSum: InvariantFactory = ({ world }) => ({
  name: "weights-sum",
  onWrite: ({ kind, object, method }) => {
    if (kind !== "VirtualService" || method === "DELETE") return [];
    const virtualService = object as VirtualService;
    const { namespace } = object.metadata;
    const wrong = (virtualService.spec?.http ?? [])
      .map(({ route = [] }) => (route.length < 2 ? 100 : sum(route.map(({ weight }) => weight ?? 0))))
      .filter((total) => total !== 100)
      .map((total) => `weights of VirtualService ${object.metadata.name} sum to ${total}`);
    const missing = hostsOf(virtualService)
      .filter((name) => world.caches.services.get({ namespace, name }) === undefined)
      .map((name) => `VirtualService ${object.metadata.name} names Service ${name}, which does not exist`);
    return [...wrong, ...missing];
  },
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
