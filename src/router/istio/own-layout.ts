import type { JsonPatchOperation } from "../../kube/client.ts";
import type { HttpRoute } from "../../kube/kind/network.ts";
import { isDeepEqual } from "../../lib/json.ts";
import type { RouteContext } from "../router.ts";
import { ourKind } from "./our-routes.ts";

/** How our routes get into somebody's list of http routes, and out of it. */
export interface Layout {
  /** Done first: our routes go, the last one first. */
  readonly removals: readonly JsonPatchOperation[];
  /** Done last: our routes come, the first one first. */
  readonly additions: readonly JsonPatchOperation[];
  /** Where one of the others (by its index now) is in between. */
  indexOf(index: number): number;
}

const PATH = "/spec/http";

/** `ours`: what is to stand before a route, by that route's index now. Nothing is done when it stands there already. */
export function layoutOf(
  routes: readonly HttpRoute[],
  ours: ReadonlyMap<number, readonly HttpRoute[]>,
  context: RouteContext,
): Layout {
  const isOurRoute = (route: HttpRoute) => ourKind(route, context) !== null;
  const wanted = routes.flatMap((route, index) =>
    isOurRoute(route) ? [] : [...(ours.get(index) ?? []), route],
  );
  if (isDeepEqual(wanted, routes)) return { removals: [], additions: [], indexOf: (index) => index };
  const old = routes.flatMap((route, index) => (isOurRoute(route) ? [{ route, index }] : []));
  return {
    removals: old.toReversed().flatMap(({ route, index }) => [
      { op: "test", path: `${PATH}/${index}/name`, value: route.name },
      { op: "remove", path: `${PATH}/${index}` },
    ]),
    additions: wanted.flatMap((route, index) =>
      isOurRoute(route) ? [{ op: "add" as const, path: `${PATH}/${index}`, value: route }] : [],
    ),
    indexOf: (index) => index - old.filter((it) => it.index < index).length,
  };
}
