import type { VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { armsOf } from "./arms.ts";
import { ourKind } from "./our-routes.ts";
import type { ManagedRoute, Selection } from "./own-selection.ts";
import { shareOf } from "./own-weights.ts";
import { memoryIn } from "./route-memory.ts";
import { canaryShare, mirroredShare } from "./share.ts";

/** A VirtualService that is there, and the routes in it that are ours to weigh. */
export interface Found {
  readonly virtualService: VirtualService;
  readonly selection: Selection;
}

export interface OwnTraffic {
  /** The largest share that the canary has anywhere. */
  readonly traffic: Traffic;
  /** A sentence that names two routes that give different shares; absent: they all agree. */
  readonly uneven?: string;
}

interface Reading {
  readonly title: string;
  readonly weight: number;
  readonly shadow: number | null;
}

/** What somebody's VirtualServices make of traffic now. */
export function readOwnTraffic(found: readonly Found[], context: RouteContext): OwnTraffic {
  const arms = armsOf(context);
  const isInRun = context.rollout.status?.run !== undefined;
  const readings = found.flatMap(({ virtualService, selection }) =>
    selection.routes.map((managed) => readingOf(managed, virtualService, context)),
  );
  const strays = isInRun ? found.flatMap(({ selection }) => selection.strays) : [];
  const weights = [
    ...readings.map(({ weight }) => weight),
    ...strays.map(({ route }) => canaryShare(route.route ?? [], arms)),
    ...found.map(({ virtualService }) => shareOfOurs(virtualService, context)),
  ];
  const uneven = difference(readings);
  return {
    traffic: {
      canaryWeight: Math.max(0, ...weights),
      shadowPercent: Math.max(0, ...readings.map(({ shadow }) => shadow ?? 0)),
      reserved: found.some(({ virtualService }) => hasReserved(virtualService, context)),
    },
    ...(uneven === null ? {} : { uneven }),
  };
}

function readingOf(managed: ManagedRoute, virtualService: VirtualService, context: RouteContext): Reading {
  const arms = armsOf(context);
  const { namespace = "default", name } = virtualService.metadata;
  return {
    title: `${managed.title} of VirtualService ${namespace}/${name}`,
    weight: shareOf(managed, memoryIn(virtualService, context.rollout), arms),
    shadow: managed.section === "http" ? mirroredShare(managed.route, arms) : null,
  };
}

/** Routes that keep clients on the canary, or assign them to it, where the weighted route gives it nothing any more. */
function shareOfOurs({ spec }: VirtualService, context: RouteContext): number {
  const shares = (spec?.http ?? []).map((route) => {
    const kind = ourKind(route, context);
    if (kind === "assign") return canaryShare(route.route ?? [], armsOf(context));
    return kind === "sticky" ? 1 : 0;
  });
  return Math.max(0, ...shares);
}

function hasReserved({ spec }: VirtualService, context: RouteContext): boolean {
  return spec?.http?.some((route) => ourKind(route, context) === "reserved") ?? false;
}

function difference(readings: readonly Reading[]): string | null {
  const [first] = readings;
  const other = readings.find(({ weight }) => weight !== first?.weight);
  if (first !== undefined && other !== undefined)
    return `${first.title} gives the canary ${first.weight} %, ${other.title} ${other.weight} %`;
  const mirrored = readings.filter((it) => it.shadow !== null);
  const odd = mirrored.find(({ shadow }) => shadow !== mirrored[0]?.shadow);
  if (odd === undefined) return null;
  return `${mirrored[0]?.title} mirrors ${mirrored[0]?.shadow} %, ${odd.title} ${odd.shadow} %`;
}
