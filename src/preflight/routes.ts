import type { Destination, HttpRoute, OpaqueRoute, VirtualService } from "../kube/kind/network.ts";
import { fullHost } from "./hosts.ts";
import { targetOf } from "./sides.ts";
import type { PreflightView } from "./view.ts";

/** One route of a VirtualService. */
export interface RouteView {
  readonly section: "http" | "tls" | "tcp";
  readonly route: HttpRoute & OpaqueRoute;
  /** `spec.http[0]` */
  readonly field: string;
  /** For people: `route main`. */
  readonly title: string;
  /** It leads to a side of the rollout: its weights are ours to set. */
  readonly isSplit: boolean;
}

const SECTIONS = ["http", "tls", "tcp"] as const;

export function routesOf(object: VirtualService, view: PreflightView): readonly RouteView[] {
  const { namespace = view.namespace } = object.metadata;
  return SECTIONS.flatMap((section) =>
    (object.spec?.[section] ?? []).map((route: HttpRoute & OpaqueRoute, index) => ({
      section,
      route,
      field: `spec.${section}[${index}]`,
      title: route.name === undefined ? `${section}[${index}]` : `route ${route.name}`,
      isSplit: (route.route ?? []).some(({ destination }) => isOfSide(destination, namespace, view)),
    })),
  );
}

/** Whether a destination is the primary or the canary; the apex Service is the primary, since it selects its pods. */
export function isOfSide(destination: Destination, namespace: string, view: PreflightView): boolean {
  const host = fullHost(destination.host, namespace);
  const sides = [targetOf(view, "primary"), targetOf(view, "canary")];
  if (sides.some((side) => side.host === host && side.subset === destination.subset)) return true;
  return destination.subset === undefined && host === fullHost(view.names.apexService, view.namespace);
}

/** Where a route sends, mirrors too. */
export function destinationsOf({ route, field }: RouteView) {
  const { route: weighted = [], mirror, mirrors = [] } = route;
  return [
    ...weighted.map(({ destination }, index) => ({
      destination,
      field: `${field}.route[${index}].destination`,
    })),
    ...(mirror === undefined ? [] : [{ destination: mirror, field: `${field}.mirror` }]),
    ...mirrors.map(({ destination }, index) => ({
      destination,
      field: `${field}.mirrors[${index}].destination`,
    })),
  ];
}

/** Settings of the routes that are split, where the user wrote them: in the Rollout, or in a VirtualService of theirs. */
export interface SplitSettings {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** Of the settings: `spec.http[0]`, `spec.traffic.istio`. */
  readonly field: string;
  readonly title: string;
  readonly retries: Retries | undefined;
  readonly timeout: string | undefined;
  readonly match: readonly { readonly method?: unknown }[];
}

export interface Retries {
  readonly attempts?: number;
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
}

export function splitSettings(view: PreflightView): readonly SplitSettings[] {
  const { spec, namespace, rollout } = view;
  const { istio } = spec.traffic;
  if (istio.virtualServices === undefined) {
    const object = { kind: "Rollout", namespace, name: rollout };
    const { retries, timeout, match = [] } = istio;
    return [
      {
        object,
        field: "spec.traffic.istio",
        title: "the weighted route",
        retries: retries as Retries | undefined,
        timeout,
        match,
      },
    ];
  }
  return view.virtualServices.ours.flatMap((virtualService) =>
    routesOf(virtualService, view)
      .filter(({ section, isSplit, route }) => section === "http" && isSplit && !isOurs(route))
      .map(({ route, field, title }) => ({
        object: { kind: "VirtualService", namespace, name: virtualService.metadata.name },
        field,
        title,
        retries: route.retries as Retries | undefined,
        timeout: route.timeout,
        match: route.match ?? [],
      })),
  );
}

/** Routes that Sluice puts before the user's have the settings of those. */
function isOurs({ name }: HttpRoute): boolean {
  return name?.startsWith("sluice-") === true;
}
