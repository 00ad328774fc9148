import type { JsonPatchOperation } from "../../kube/client.ts";
import type { HttpRoute, VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { armsOf } from "./arms.ts";
import { ourRoutes } from "./our-routes.ts";
import { destinationsWith, editRoute } from "./own-edit.ts";
import { layoutOf } from "./own-layout.ts";
import type { ManagedRoute } from "./own-selection.ts";
import { additionsOf } from "./own-traffic.ts";
import { shareOf, weightsAsTheyAre, weightsFor } from "./own-weights.ts";
import { memoryIn, memoryOperations } from "./route-memory.ts";

/**
 * The JSON patch (RFC 6902) that makes a VirtualService of somebody else carry this traffic; empty when it does. It
 * touches the weights of our two destinations, the routes that we put before, and one annotation while there is something
 * to remember.
 *
 * `traffic` null: all stays as it is, and only our own routes are put right.
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
  const { shadowPercent, reserved } = additionsOf(virtualService, context);
  const edits = routes.map((managed) => ({
    managed,
    weights:
      traffic === null
        ? weightsAsTheyAre(managed, before)
        : weightsFor(managed, before, traffic.canaryWeight),
    traffic: traffic ?? { canaryWeight: shareOf(managed, before, arms), shadowPercent, reserved },
  }));
  const ofHttp = edits.filter(({ managed }) => managed.section === "http");
  const layout = layoutOf(
    http,
    new Map(
      ofHttp.map(({ managed, weights, traffic }, index) => {
        const base: HttpRoute = { ...managed.route, route: destinationsWith(managed, weights, arms) };
        return [managed.index, ourRoutes(base, context, traffic, index + 1)];
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
      return editRoute(managed, path, weights, arms);
    }),
    ...layout.additions,
    ...memoryOperations(virtualService, context.rollout, memory),
  ];
}
