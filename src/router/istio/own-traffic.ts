import type { VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { armsOf } from "./arms.ts";
import { type OurKind, ourKind } from "./our-routes.ts";
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
  /** The most that the canary has anywhere. */
  readonly traffic: Traffic;
  /** A sentence that names two places that give different things; absent: they all agree. */
  readonly uneven?: string;
}

/** What somebody's VirtualServices make of traffic now. */
export function readOwnTraffic(found: readonly Found[], context: RouteContext): OwnTraffic {
  const arms = armsOf(context);
  const isInRun = context.rollout.status?.run !== undefined;
  const shares = found.flatMap(({ virtualService, selection }) =>
    selection.routes.map((managed) => sharesOf(managed, virtualService, context)),
  );
  const strays = isInRun ? found.flatMap(({ selection }) => selection.strays) : [];
  const additions = found.map(({ virtualService }) => additionsOf(virtualService, context));
  const uneven = differentShares(shares) ?? differentAdditions(found, additions);
  return {
    traffic: {
      canaryWeight: Math.max(
        0,
        ...shares.map(({ weight }) => weight),
        ...strays.map(({ route }) => canaryShare(route.route ?? [], arms)),
        ...additions.map(({ least }) => least),
      ),
      shadowPercent: Math.max(0, ...additions.map(({ shadowPercent }) => shadowPercent)),
      reserved: additions.some(({ reserved }) => reserved),
    },
    ...(uneven === null ? {} : { uneven }),
  };
}

interface Share {
  readonly title: string;
  readonly weight: number;
}

function sharesOf(managed: ManagedRoute, virtualService: VirtualService, context: RouteContext): Share {
  const weight = shareOf(managed, memoryIn(virtualService, context.rollout), armsOf(context));
  return { title: `${managed.title} of ${titleOf(virtualService)}`, weight };
}

interface Additions {
  readonly shadowPercent: number;
  readonly reserved: boolean;
  /** The canary has at least this much by routes of ours, whatever the weighted ones say. */
  readonly least: number;
}

/** What the routes that we have put into an object say. */
export function additionsOf({ spec }: VirtualService, context: RouteContext): Additions {
  const arms = armsOf(context);
  const of = (kind: OurKind) => (spec?.http ?? []).filter((route) => ourKind(route, context) === kind);
  return {
    shadowPercent: Math.max(0, ...of("mirror").map((route) => mirroredShare(route, arms))),
    reserved: of("reserved").length > 0,
    least: Math.max(
      of("sticky").length > 0 ? 1 : 0,
      ...of("assign").map(({ route = [] }) => canaryShare(route, arms)),
    ),
  };
}

function differentShares(shares: readonly Share[]): string | null {
  const [first] = shares;
  const other = shares.find(({ weight }) => weight !== first?.weight);
  if (first === undefined || other === undefined) return null;
  return `${first.title} gives the canary ${first.weight} %, ${other.title} ${other.weight} %`;
}

/** Objects without http routes of ours have no mirror and no routes by match. */
function differentAdditions(found: readonly Found[], additions: readonly Additions[]): string | null {
  const able = found.flatMap(({ virtualService, selection }, index) => {
    const isAble = selection.routes.some(({ section }) => section === "http");
    const { shadowPercent = 0, reserved = false } = additions[index] ?? {};
    return isAble ? [{ title: titleOf(virtualService), shadowPercent, reserved }] : [];
  });
  const [first] = able;
  if (first === undefined) return null;
  const mirroring = able.find(({ shadowPercent }) => shadowPercent !== first.shadowPercent);
  if (mirroring !== undefined)
    return `${first.title} mirrors ${first.shadowPercent} %, ${mirroring.title} ${mirroring.shadowPercent} %`;
  const matching = able.find(({ reserved }) => reserved !== first.reserved);
  if (matching === undefined) return null;
  return `of ${first.title} and ${matching.title} only one has its routes by match`;
}

function titleOf({ metadata }: VirtualService): string {
  return `VirtualService ${metadata.namespace ?? "default"}/${metadata.name}`;
}
