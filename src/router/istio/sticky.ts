import type { RolloutSpec } from "../../api/spec.ts";
import type { RouteDestination } from "../../kube/kind/network.ts";
import { parseDuration } from "../../lib/duration.ts";
import type { RouteContext } from "../router.ts";
import type { Side } from "./arms.ts";

/** The cookie that keeps clients on the side that they were assigned first, for one run. */
export interface Sticky {
  /** The value of a `cookie` header that assigns a client to a side: RE2, the whole value. */
  readonly pattern: (side: Side) => string;
  /** The destination, assigning whom it answers. */
  readonly assigning: (side: Side, destination: RouteDestination) => RouteDestination;
}

type Settings = NonNullable<RolloutSpec["traffic"]["istio"]["sessionAffinity"]>;

/** Null where the spec asks for none, and out of a run. */
export function stickyOf(context: RouteContext): Sticky | null {
  const settings = context.spec.traffic.istio.sessionAffinity;
  const run = context.rollout.status?.run;
  if (settings === undefined || run === undefined) return null;
  // With run and revision in it, cookies of an earlier run mean nothing.
  const pairOf = (side: Side) => `${settings.cookieName}=${side}.${run.id}.${run.revision}`;
  return {
    // A cookie begins the header or follows on "; ", and ends it or is followed by ";" (RFC 6265, 4.2.1).
    pattern: (side) => `^(.*;\\s*)?${pairOf(side).replaceAll(".", "\\.")}(;.*)?$`,
    assigning: (side, destination) => withCookie(destination, `${pairOf(side)}${attributes(settings)}`),
  };
}

function attributes({ maxAge, path, domain, sameSite, secure, httpOnly }: Settings): string {
  const seconds = Math.round((parseDuration(maxAge) ?? 0) / 1_000);
  return [
    `; Path=${path}`,
    `; Max-Age=${seconds}`,
    ...(domain === undefined ? [] : [`; Domain=${domain}`]),
    `; SameSite=${sameSite}`,
    ...(secure ? ["; Secure"] : []),
    ...(httpOnly ? ["; HttpOnly"] : []),
  ].join("");
}

interface Headers {
  readonly response?: { readonly add?: Readonly<Record<string, string>> };
}

/** Added, not set: the service's own cookies stay. */
function withCookie(destination: RouteDestination, cookie: string): RouteDestination {
  const headers = (destination["headers"] ?? {}) as Headers;
  const add = { ...headers.response?.add, "Set-Cookie": cookie };
  return { ...destination, headers: { ...headers, response: { ...headers.response, add } } };
}
