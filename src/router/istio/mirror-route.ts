import { type HttpMatch, takesMethod } from "../../api/http-match.ts";
import type { RolloutSpec } from "../../api/spec.ts";
import { EVERY_METHOD } from "../../api/spec-traffic.ts";
import type { HttpRoute } from "../../kube/kind/network.ts";

type Match = NonNullable<HttpRoute["match"]>[number];

/**
 * The methods of which alone requests are mirrored; null: of all. A mirror is a member of a whole route, so where it is
 * for some methods, these have a route of their own before the weighted one.
 */
export function mirroredMethods({ shadow }: RolloutSpec): readonly string[] | null {
  return shadow === undefined || shadow.methods.includes(EVERY_METHOD) ? null : shadow.methods;
}

/** The conditions of a route, narrowed to these methods; empty when it takes none of them. */
export function withMethods(conditions: readonly Match[], methods: readonly string[]): readonly Match[] {
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
