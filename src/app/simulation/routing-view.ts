import type { HttpRoute, VirtualService } from "../../sim/mesh/istio.ts";

/** The largest share that a route of this VirtualService gives to `host`, 0 to 100; mirrors do not count. */
export function weightOf(object: VirtualService, host: string): number {
  const weights = (object.spec?.http ?? []).flatMap((route) =>
    (route.route ?? [])
      .filter(({ destination }) => shortName(destination.host) === host)
      .map(({ weight }) => weight ?? ((route.route ?? []).length === 1 ? 100 : 0)),
  );
  return Math.max(0, ...weights);
}

export function mirrorsTo(object: VirtualService, host: string): boolean {
  return (object.spec?.http ?? []).some((route) => mirrorHosts(route).includes(host));
}

function mirrorHosts(route: HttpRoute): readonly string[] {
  const mirrors = (route.mirrors ?? []).map(({ destination }) => destination.host);
  return [...mirrors, ...(route.mirror === undefined ? [] : [route.mirror.host])].map(shortName);
}

function shortName(host: string): string {
  return host.split(".")[0] ?? host;
}
