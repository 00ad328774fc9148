import type { HttpMatch } from "../../api/http-match.ts";
import { reservedMatchOf } from "../../api/reserved-match.ts";
import type { HttpRoute, RouteDestination } from "../../kube/kind/network.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { type Arms, armsOf, isCanaryMirror, type Side } from "./arms.ts";
import { mirroredMatch } from "./mirror-route.ts";
import { type Sticky, stickyOf } from "./sticky.ts";

/** What one of the routes that we put before a weighted one is for. */
export type OurKind = "reserved" | "sticky" | "assign" | "mirror";

const OUR_NAME = /^((?<sided>reserved|sticky)-(primary|canary)|(?<whole>assign|mirror))(-\d+)?$/;

/** `sluice-checkout-reserved-canary-2`: several Rollouts may have routes in one VirtualService. */
function prefixOf({ rollout }: RouteContext): string {
  return `sluice-${rollout.metadata.name}-`;
}

/** Null: it is not one of ours. */
export function ourKind(route: HttpRoute, context: RouteContext): OurKind | null {
  const prefix = prefixOf(context);
  if (route.name?.startsWith(prefix) !== true) return null;
  const groups = OUR_NAME.exec(route.name.slice(prefix.length))?.groups;
  return (groups?.["sided"] ?? groups?.["whole"] ?? null) as OurKind | null;
}

/**
 * What stands before a weighted route (`base`), in this order: what is reserved for the primary (who must never see a
 * canary does not, whatever else matches) and for the canary; who was assigned to a side before; so that new clients
 * are assigned, the weighted route once more with cookies in it; and once more with a mirror, for requests that may be
 * mirrored. They have all settings of `base`, and its conditions where they have none of their own.
 *
 * `ordinal`: the how manieth weighted route of its object it is, from 1; names are unique by it.
 */
export function ourRoutes(
  base: HttpRoute,
  context: RouteContext,
  traffic: Traffic,
  ordinal = 1,
): readonly HttpRoute[] {
  const arms = armsOf(context);
  const plain = withoutMirror(base, arms);
  const prefix = prefixOf(context);
  const suffix = ordinal === 1 ? "" : `-${ordinal}`;
  const toSide = (side: Side, kind: OurKind, items: readonly HttpMatch[]): readonly HttpRoute[] => {
    const match = within(items, base.match ?? []);
    if (match.length === 0) return [];
    const route = [{ ...ofSide(side, base.route ?? [], arms), weight: 100 }];
    return [{ ...plain, name: `${prefix}${kind}-${side}${suffix}`, match, route }];
  };
  const reserved = traffic.reserved ? reservedMatchOf(context.spec) : null;
  // All requests are everybody's, whatever side a client was assigned to.
  const isSplit = traffic.canaryWeight > 0 && traffic.canaryWeight < 100;
  const sticky = isSplit ? stickyOf(context) : null;
  return [
    ...(reserved === null ? [] : toSide("primary", "reserved", reserved.primary)),
    ...(reserved === null ? [] : toSide("canary", "reserved", reserved.canary)),
    ...(sticky === null ? [] : toSide("canary", "sticky", cookieMatch(sticky, "canary"))),
    ...(sticky === null ? [] : toSide("primary", "sticky", cookieMatch(sticky, "primary"))),
    ...(sticky === null ? [] : [assigning(plain, sticky, arms, `${prefix}assign${suffix}`)]),
    ...mirroring(plain, context, traffic, `${prefix}mirror${suffix}`),
  ];
}

/** The weighted route once more, mirroring. What it mirrors elsewhere it goes on mirroring there. */
function mirroring(
  base: HttpRoute,
  context: RouteContext,
  { shadowPercent }: Traffic,
  name: string,
): readonly HttpRoute[] {
  const match = shadowPercent === 0 ? null : mirroredMatch(base, context.spec);
  if (match === null) return [];
  const { mirror, mirrorPercentage, mirrorPercent: _, mirror_percent: __, mirrors = [], ...rest } = base;
  const { destination } = ofSide("canary", base.route ?? [], armsOf(context));
  const percentage = { value: shadowPercent };
  const first = mirror && { destination: mirror, ...(mirrorPercentage && { percentage: mirrorPercentage }) };
  const others = [...(first === undefined ? [] : [first]), ...mirrors];
  const both =
    others.length === 0
      ? { mirror: destination, mirrorPercentage: percentage }
      : { mirrors: [...others, { destination, percentage }] };
  return [{ ...rest, name, ...(match.length === 0 ? {} : { match }), ...both }];
}

/** The route without what it mirrors to the canary. */
export function withoutMirror(route: HttpRoute, arms: Arms): HttpRoute {
  const isCanary = (destination: HttpRoute["mirror"]) => isCanaryMirror(destination, arms);
  const { mirror, mirrorPercentage, mirrors, ...rest } = route;
  const kept = mirrors?.filter(({ destination }) => !isCanary(destination)) ?? [];
  return {
    ...rest,
    ...(mirror === undefined || isCanary(mirror) ? {} : { mirror }),
    ...(mirrorPercentage === undefined || isCanary(mirror) ? {} : { mirrorPercentage }),
    ...(kept.length === 0 ? {} : { mirrors: kept }),
  };
}

/** How a route sends to a side. The canary that is missing in it is made like the primary. */
export function ofSide(side: Side, destinations: readonly RouteDestination[], arms: Arms): RouteDestination {
  const find = (wanted: Side) => destinations.find((it) => arms.sideOf(it.destination) === wanted);
  const found = find(side);
  if (found !== undefined) return found;
  const primary = side === "canary" ? find("primary") : undefined;
  if (primary === undefined) return { destination: arms[side] };
  return { ...primary, destination: arms.canaryLike(primary.destination) };
}

function assigning(base: HttpRoute, sticky: Sticky, arms: Arms, name: string): HttpRoute {
  const route = (base.route ?? []).map((it) => {
    const side = arms.sideOf(it.destination);
    return side === null ? it : sticky.assigning(side, it);
  });
  return { ...base, name, route };
}

function cookieMatch(sticky: Sticky, side: Side): readonly HttpMatch[] {
  return [{ headers: { cookie: { regex: sticky.pattern(side) } } }];
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
