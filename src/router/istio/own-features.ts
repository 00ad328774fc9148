import { reservedMatchOf } from "../../api/reserved-match.ts";
import type { RolloutSpec } from "../../api/spec.ts";
import { mirroredMatch } from "./mirror-route.ts";
import type { ManagedRoute } from "./own-selection.ts";

/** What the spec asks for and these routes cannot do; null when they can. */
export function featureProblem(routes: readonly ManagedRoute[], spec: RolloutSpec): string | null {
  const { sessionAffinity } = spec.traffic.istio;
  const http = routes.filter((it) => it.section === "http");
  const asked = askedOf(spec);
  if (http.length === 0 && asked !== null)
    return `${asked} needs an http route, and only tls and tcp routes send to the primary`;
  if (spec.shadow !== undefined && http.every(({ route }) => mirroredMatch(route, spec) === null))
    return `no route takes requests with the methods that may be mirrored (shadow.methods: ${spec.shadow.methods.join(", ")})`;
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

function hasCookie(headers: unknown): boolean {
  return Object.keys((headers ?? {}) as object).some((name) => name.toLowerCase() === "cookie");
}
