import { type HttpMatch, takesMethod } from "../../api/http-match.ts";
import type { RolloutSpec } from "../../api/spec.ts";
import { EVERY_METHOD } from "../../api/spec-traffic.ts";
import type { HttpRoute } from "../../kube/kind/network.ts";

type Match = NonNullable<HttpRoute["match"]>[number];

/**
 * The conditions of the route that mirrors: those of the weighted route, narrowed to the methods that may be mirrored.
 * Null when it takes none of these; empty for every request.
 */
export function mirroredMatch({ match = [] }: HttpRoute, { shadow }: RolloutSpec): readonly Match[] | null {
  if (shadow === undefined || shadow.methods.includes(EVERY_METHOD)) return match;
  const narrowed = withMethods(match, shadow.methods);
  return narrowed.length === 0 ? null : narrowed;
}

function withMethods(conditions: readonly Match[], methods: readonly string[]): readonly Match[] {
  const items = conditions.length === 0 ? [{}] : conditions;
  return items.flatMap((item) => {
    const taken = methods.filter((method) => takesMethod(item as HttpMatch, method));
    return taken.length === 0 ? [] : [{ ...item, method: oneOf(taken) }];
  });
}

function oneOf(methods: readonly string[]): Match {
  const [only] = methods;
  return methods.length === 1 ? { exact: only } : { regex: methods.join("|") };
}
