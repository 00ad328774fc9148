import type { JsonPatchOperation } from "../../kube/client.ts";
import type { HttpRoute, VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { armsOf } from "./arms.ts";
import { ourKind, ourRoutes } from "./our-routes.ts";
import { destinationsWith, editRoute } from "./own-edit.ts";
import { layoutOf } from "./own-layout.ts";
import type { ManagedRoute } from "./own-selection.ts";
import { shareOf, weightsAsTheyAre, weightsFor } from "./own-weights.ts";
import { memoryIn, memoryOperations } from "./route-memory.ts";

/**
 * The JSON patch (RFC 6902) that makes a VirtualService of somebody else carry this traffic; empty when it does. It
 * touches the weights of our two destinations, a mirror to the canary, the routes that we put before, and one
 * annotation while there is something to remember.
 *
 * `traffic` null: weights and mirror stay as they are, and only our own routes are put right.
 */
export function trafficPatch(
  virtualService: VirtualService,
  routes: readonly ManagedRoute[],
  context: RouteContext,
  traffic: Traffic | null,
): readonly JsonPatchOperation[] {
  const arms = armsOf(context);
  const before = memoryIn(virtualService, context.rollout);
  const http = virtualService.spec?.http ?? [];
  const reserved = traffic?.reserved ?? http.some((route) => ourKind(route, context) === "reserved");
  const edits = routes.map((managed) => ({
    managed,
    weights:
      traffic === null
        ? weightsAsTheyAre(managed, before)
        : weightsFor(managed, before, traffic.canaryWeight),
    canaryWeight: traffic?.canaryWeight ?? shareOf(managed, before, arms),
  }));
  const ofHttp = edits.filter(({ managed }) => managed.section === "http");
  const layout = layoutOf(
    http,
    new Map(
      ofHttp.map(({ managed, weights, canaryWeight }, index) => {
        const base: HttpRoute = { ...managed.route, route: destinationsWith(managed, weights, arms) };
        const shown = { canaryWeight, shadowPercent: 0, reserved };
        return [managed.index, ourRoutes(base, context, shown, index + 1)];
      }),
    ),
    context,
  );
  const memory = Object.fromEntries(
    edits.flatMap(({ managed, weights }) => (weights.memory === null ? [] : [[managed.key, weights.memory]])),
  );
  return [
    ...layout.removals,
    ...edits.flatMap(({ managed, weights }) => {
      const index = managed.section === "http" ? layout.indexOf(managed.index) : managed.index;
      const path = `/spec/${managed.section}/${index}`;
      return editRoute(managed, path, weights, traffic?.shadowPercent ?? null, arms);
    }),
    ...layout.additions,
    ...memoryOperations(virtualService, context.rollout, memory),
  ];
}
