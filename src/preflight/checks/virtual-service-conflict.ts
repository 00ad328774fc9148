import type { Finding } from "../../api/preflight.ts";
import type { HttpRoute, VirtualService } from "../../kube/kind/network.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { fullHost, isVisible, serviceHost } from "../hosts.ts";
import { place } from "../sides.ts";
import type { PreflightView } from "../view.ts";

const MESH = "mesh";

/**
 * A host of ours that another VirtualService has for the same gateway. Sidecars heed one VirtualService a host, the
 * oldest (https://istio.io/latest/docs/reference/config/analysis/ist0109/); gateways join the routes of all, so that
 * another one matters only where an older one takes requests that ours are to take.
 */
export function virtualServiceConflict(view: PreflightView): readonly Finding[] {
  return view.virtualServices.ours.flatMap((ours) =>
    view.virtualServices.others.flatMap((other) => {
      const { namespace: at = view.namespace } = other.metadata;
      if (!isVisible(other.spec?.exportTo, at, view.namespace)) return [];
      const found = sharedHosts(view, ours, other).flatMap((host) => conflict(view, ours, other, host));
      return found.slice(0, 1);
    }),
  );
}

function sharedHosts(view: PreflightView, ours: VirtualService, other: VirtualService): readonly string[] {
  const theirs = hostsOf(other, view);
  return hostsOf(ours, view).filter((host) => theirs.includes(host));
}

export function hostsOf({ metadata, spec }: VirtualService, { namespace }: PreflightView): readonly string[] {
  return (spec?.hosts ?? []).map((host) => fullHost(host, metadata.namespace ?? namespace));
}

function conflict(
  view: PreflightView,
  ours: VirtualService,
  other: VirtualService,
  host: string,
): readonly Finding[] {
  const shared = gatewaysOf(ours, view).filter((gateway) => gatewaysOf(other, view).includes(gateway));
  const comesFirst = !isYounger(other, ours);
  if (shared.includes(MESH)) {
    const isApex = host === serviceHost(view.names.apexService, view.namespace);
    return [
      finding(view, ours, other, {
        severity: comesFirst && isApex ? "blocks" : "warns",
        host,
        gateway: "the sidecars (gateway mesh)",
        why: comesFirst
          ? "sidecars heed the older one alone, so that weights have no effect"
          : "sidecars heed the older one alone, so that the other has no effect",
      }),
    ];
  }
  const [gateway] = shared;
  if (gateway === undefined || !comesFirst || !takesFromOurs(other, ours)) return [];
  const why =
    "the gateway takes the routes of the older one first, so that weights have no effect on what they match";
  return [finding(view, ours, other, { severity: "blocks", host, gateway: `gateway ${gateway}`, why })];
}

function finding(
  { namespace }: PreflightView,
  ours: VirtualService,
  other: VirtualService,
  it: Pick<Finding, "severity" | "why"> & { readonly host: string; readonly gateway: string },
): Finding {
  return {
    check: "virtual-service-conflict",
    severity: it.severity,
    object: place(other, namespace),
    field: "spec.hosts",
    what: `has host ${it.host} for ${it.gateway}, as VirtualService ${ours.metadata.namespace ?? namespace}/${ours.metadata.name} has`,
    why: it.why,
    fix: "Delete it, take the host or the gateway off it, or keep it and name it in the Rollout's spec.traffic.istio.virtualServices",
  };
}

function gatewaysOf({ metadata, spec }: VirtualService, { namespace }: PreflightView): readonly string[] {
  const { gateways = [] } = spec ?? {};
  const at = metadata.namespace ?? namespace;
  if (gateways.length === 0) return [MESH];
  return gateways.map((gateway) =>
    gateway === MESH || gateway.includes("/") ? gateway : `${at}/${gateway}`,
  );
}

/** In files nobody is older. */
function isYounger(a: VirtualService, b: VirtualService): boolean {
  const order = ({ metadata }: VirtualService) =>
    `${metadata.creationTimestamp} ${metadata.name}.${metadata.namespace ?? ""}`;
  const [ofA, ofB] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return ofA !== undefined && ofB !== undefined && order(a) > order(b);
}

/** Whether some route of one takes all that some route of the other takes; those that take everything come last. */
function takesFromOurs(other: VirtualService, ours: VirtualService): boolean {
  const mine = ours.spec?.http ?? [];
  return (other.spec?.http ?? []).some((theirs) =>
    mine.some((route) => (isCatchAll(theirs) ? isCatchAll(route) : covers(theirs, route))),
  );
}

interface Match {
  readonly uri?: { readonly prefix?: string; readonly exact?: string };
}

function covers(theirs: HttpRoute, ours: HttpRoute): boolean {
  const blocks = (theirs.match ?? []) as readonly Match[];
  const own = (ours.match ?? []) as readonly Match[];
  return (
    own.length > 0 && own.every((block) => blocks.some((it) => isDeepEqual(it, block) || isWider(it, block)))
  );
}

/** A path alone, of which the other is a part. */
function isWider(wide: Match, narrow: Match): boolean {
  const { prefix } = wide.uri ?? {};
  const path = narrow.uri?.prefix ?? narrow.uri?.exact;
  const isPathAlone = Object.keys(wide).every((key) => key === "uri" || key === "name");
  return isPathAlone && prefix !== undefined && path?.startsWith(prefix) === true;
}

function isCatchAll({ match = [] }: HttpRoute): boolean {
  return match.length === 0 || match.some((it) => isWider(it as Match, { uri: { prefix: "/" } }));
}
