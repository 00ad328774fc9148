import type { HttpMatch } from "../../api/http-match.ts";
import { namesOf } from "../../api/names.ts";
import { reservedMatchOf } from "../../api/reserved-match.ts";
import type { HttpRoute } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";

const PREFIX = "sluice-reserved-";

/** Whether it is one of the routes by match that we put before the weighted one. */
export function isReservedRoute(route: HttpRoute): boolean {
  return route.name?.startsWith(PREFIX) ?? false;
}

/**
 * The routes by match, the primary's first: who must never see a canary does not, whatever else matches. They have the
 * settings of the weighted route (`settings`), and its conditions where they say nothing of their own.
 */
export function reservedRoutes(context: RouteContext, settings: HttpRoute): readonly HttpRoute[] {
  const reserved = reservedMatchOf(context.spec);
  if (reserved === null) return [];
  const { primaryService, canaryService } = namesOf(context.rollout);
  const routeOf = (side: "primary" | "canary", host: string): readonly HttpRoute[] => {
    const match = within(reserved[side], settings.match ?? []);
    if (match.length === 0) return [];
    return [
      { ...settings, name: `${PREFIX}${side}`, match, route: [{ destination: { host }, weight: 100 }] },
    ];
  };
  return [...routeOf("primary", primaryService), ...routeOf("canary", canaryService)];
}

type Match = NonNullable<HttpRoute["match"]>[number];

const MAPS = ["headers", "queryParams", "withoutHeaders", "sourceLabels"];

/** Each item under each condition: an item's own members stand, maps are joined. */
function within(items: readonly HttpMatch[], conditions: readonly Match[]): readonly Match[] {
  if (conditions.length === 0) return items as readonly Match[];
  return items.flatMap((item) => conditions.map((condition) => joined(item as Match, condition)));
}

function joined(item: Match, condition: Match): Match {
  const maps = MAPS.filter((name) => item[name] !== undefined && condition[name] !== undefined).map(
    (name) => [name, { ...(condition[name] as object), ...(item[name] as object) }],
  );
  return { ...condition, ...item, ...Object.fromEntries(maps) };
}
