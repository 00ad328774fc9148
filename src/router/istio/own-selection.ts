import type { IstioSpec } from "../../api/spec.ts";
import type { HttpRoute, OpaqueRoute, VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";
import { type Arms, armsOf, type Side } from "./arms.ts";
import { ourKind } from "./our-routes.ts";
import { weightAt } from "./share.ts";

export const SECTIONS = ["http", "tls", "tcp"] as const;

export type Section = (typeof SECTIONS)[number];

/** A route of somebody's VirtualService whose weights are ours to set. */
export interface ManagedRoute {
  readonly section: Section;
  /** Within its section as it stands. */
  readonly index: number;
  /** Names it in what we remember: by its own name, and its place among those of that name or without one. */
  readonly key: string;
  /** For people: `route main`. */
  readonly title: string;
  readonly route: HttpRoute | OpaqueRoute;
  /** Indexes of the two sides in its destinations; -1: the canary is missing, which happens at rest. */
  readonly primary: number;
  readonly canary: number;
}

export interface Selection {
  readonly routes: readonly ManagedRoute[];
  /** Other routes that split between the two sides, and give the canary something. */
  readonly strays: readonly ManagedRoute[];
  /** Why these routes cannot carry a canary, and what to do; null when they can. */
  readonly problem: string | null;
}

/** One entry of spec.traffic.istio.virtualServices. */
export type OwnVirtualService = NonNullable<IstioSpec["virtualServices"]>[number];

interface Candidate extends Omit<ManagedRoute, "primary" | "canary"> {
  readonly primaries: readonly number[];
  readonly canaries: readonly number[];
  readonly name: string | undefined;
}

/**
 * The routes that are ours to weigh. By name where names are given; else those that send to both sides, or the only
 * http route that sends to the primary. tls and tcp routes have no names: each one that sends to the primary is ours.
 */
export function selectRoutes(
  virtualService: VirtualService,
  { name, routes: names }: OwnVirtualService,
  context: RouteContext,
): Selection {
  const arms = armsOf(context);
  const candidates = SECTIONS.flatMap((section) => candidatesOf(virtualService, section, context));
  const http = candidates.filter((it) => it.section === "http");
  const opaque = candidates.filter((it) => it.section !== "http" && it.primaries.length > 0);
  const chosen = names === undefined ? found(http) : http.filter((it) => names.includes(it.name ?? ""));
  const selected = [...chosen, ...opaque];
  const others = candidates.filter((it) => !selected.includes(it));
  const problem =
    missingName(chosen, names) ??
    (selected.length === 0 ? nothingFound(http, arms) : null) ??
    selected.map((it) => destinationProblem(it, arms)).find((it) => it !== null) ??
    strayCanary(others, arms) ??
    bothSides(virtualService, arms);
  const title = `VirtualService ${virtualService.metadata.namespace ?? "default"}/${name}`;
  return {
    routes: selected.filter(isPlain).map(managed),
    strays: others.filter((it) => isPlain(it) && canaryWeight(it) > 0).map(managed),
    problem: problem === null ? null : `${title}: ${problem}`,
  };
}

function candidatesOf(
  { spec }: VirtualService,
  section: Section,
  context: RouteContext,
): readonly Candidate[] {
  const arms = armsOf(context);
  const routes: readonly (HttpRoute | OpaqueRoute)[] = spec?.[section] ?? [];
  const seen = new Map<string, number>();
  return routes.flatMap((route, index) => {
    const name = section === "http" ? (route as HttpRoute).name : undefined;
    if (section === "http" && ourKind(route as HttpRoute, context) !== null) return [];
    const nth = seen.get(name ?? "") ?? 0;
    seen.set(name ?? "", nth + 1);
    const indexes = (side: Side) =>
      (route.route ?? []).flatMap((it, at) => (arms.sideOf(it.destination) === side ? [at] : []));
    const title = name === undefined ? `${section}[${index}]` : `route ${name}`;
    const [primaries, canaries] = [indexes("primary"), indexes("canary")];
    return [
      { section, index, key: `${section}/${name ?? ""}#${nth}`, title, route, name, primaries, canaries },
    ];
  });
}

function isPlain({ primaries, canaries }: Candidate): boolean {
  return primaries.length === 1 && canaries.length <= 1;
}

function canaryWeight({ route, canaries }: Candidate): number {
  return canaries.reduce((sum, index) => sum + weightAt(route.route ?? [], index), 0);
}

function managed({ primaries, canaries, name: _name, ...rest }: Candidate): ManagedRoute {
  return { ...rest, primary: primaries[0] ?? -1, canary: canaries[0] ?? -1 };
}

function found(http: readonly Candidate[]): readonly Candidate[] {
  const both = http.filter((it) => it.primaries.length > 0 && it.canaries.length > 0);
  if (both.length > 0) return both;
  const lone = http.filter((it) => it.primaries.length > 0);
  return lone.length === 1 ? lone : [];
}

function missingName(chosen: readonly Candidate[], names: readonly string[] | undefined): string | null {
  const missing = names?.find((name) => !chosen.some((it) => it.name === name));
  return missing === undefined ? null : `no http route has the name ${missing}`;
}

function nothingFound(http: readonly Candidate[], arms: Arms): string {
  const lone = http.filter((it) => it.primaries.length > 0);
  if (lone.length < 2) return `no route sends to ${hostText(arms.primary)}`;
  const titles = lone.map((it) => it.title).join(", ");
  return `${lone.length} routes send to the primary (${titles}): say by \`routes\` which are to be split, or let these send to the canary too, with weight 0`;
}

function destinationProblem({ title, primaries, canaries }: Candidate, arms: Arms): string | null {
  if (primaries.length === 0) return `${title} does not send to ${hostText(arms.primary)}`;
  if (primaries.length > 1 || canaries.length > 1) {
    return `${title} sends to one side more than once; leave one destination of each`;
  }
  return null;
}

/** Somebody's own way to the canary leads nowhere at rest, when it has no pods. */
function strayCanary(others: readonly Candidate[], arms: Arms): string | null {
  const stray = others.find((it) => canaryWeight(it) > 0);
  if (stray === undefined) return null;
  return `${stray.title} sends to ${hostText(arms.canary)}, which has no pods between runs; take that away, and say by canaryMatch who is to reach the canary`;
}

/** A Service that has the pods of both sides must be asked for one of them. */
function bothSides({ spec }: VirtualService, arms: Arms): string | null {
  for (const section of SECTIONS) {
    const routes: readonly OpaqueRoute[] = spec?.[section] ?? [];
    const index = routes.findIndex(({ route }) => route?.some((it) => arms.isBoth(it.destination)));
    if (index >= 0)
      return `${section}[${index}] sends to ${arms.primary.host} without a subset, and so to canary pods too; let it send to subset ${arms.primary.subset}`;
  }
  return null;
}

function hostText({ host, subset }: Arms["primary"]): string {
  return subset === undefined ? host : `subset ${subset} of ${host}`;
}
