import { reservedMatchOf } from "../../api/reserved-match.ts";
import type { RolloutSpec } from "../../api/spec.ts";
import type { HttpRoute } from "../../kube/kind/network.ts";
import type { Arms } from "./arms.ts";
import type { ManagedRoute } from "./own-selection.ts";

/** What the spec asks for and these routes cannot do; null when they can. */
export function featureProblem(
  routes: readonly ManagedRoute[],
  spec: RolloutSpec,
  arms: Arms,
): string | null {
  const { sessionAffinity } = spec.traffic.istio;
  const http = routes.filter((it) => it.section === "http");
  const asked = askedOf(spec);
  if (http.length === 0 && asked !== null)
    return `${asked} needs an http route, and only tls and tcp routes send to the primary`;
  const mirroring = http.find(({ route }) => hasForeignMirror(route, arms));
  if (spec.shadow !== undefined && mirroring !== undefined)
    return `${mirroring.title} has a mirror already, and shadow needs one: write yours as an item of \`mirrors\``;
  const onCookie = http.find(({ route }) => route.match?.some((it) => hasCookie(it["headers"])));
  if (sessionAffinity !== undefined && onCookie !== undefined)
    return `${onCookie.title} has a condition on the cookie header, and sessionAffinity needs that`;
  return null;
}

/** What looks into requests. */
function askedOf(spec: RolloutSpec): string | null {
  if (spec.shadow !== undefined) return "shadow";
  if (reservedMatchOf(spec) !== null) return "a match";
  return spec.traffic.istio.sessionAffinity === undefined ? null : "sessionAffinity";
}

const MIRROR_SHARES = ["mirrorPercentage", "mirrorPercent", "mirror_percent"];

function hasForeignMirror(route: HttpRoute, arms: Arms): boolean {
  if (route.mirror !== undefined) return arms.sideOf(route.mirror) !== "canary";
  return MIRROR_SHARES.some((name) => route[name] !== undefined);
}

function hasCookie(headers: unknown): boolean {
  return Object.keys((headers ?? {}) as object).some((name) => name.toLowerCase() === "cookie");
}
