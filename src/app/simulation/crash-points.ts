import type { AnyObject } from "../../kube/object.ts";
import type { ApiRequest } from "../../kube/transport.ts";
import { isDeepEqual } from "../../lib/json.ts";
import type { Plan } from "./plan.ts";
import { type SimulationResult, simulate } from "./simulation.ts";

export interface CrashPointsResult {
  /** Points at which the controller was killed, one a run. */
  readonly points: number;
  /** A sentence for each run that broke an invariant or ended otherwise than the one without a crash. */
  readonly problems: readonly string[];
}

/**
 * Kills and restarts the controller once in each run: after every write, and before every status write, of the run
 * without a crash; with a stride, at every so-many-th of these points.
 */
export async function everyCrashPoint(plan: Plan, crd: AnyObject, stride = 1): Promise<CrashPointsResult> {
  let count = 0;
  const calm = await simulate({
    plan,
    crd,
    isFatal: (request, when) => {
      if (isCrashPoint(request, when)) count += 1;
      return false;
    },
  });
  const problems = calm.violations.map((violation) => `without a crash: ${violation}`);
  const points = Array.from({ length: Math.ceil(count / stride) }, (_, index) => 1 + index * stride);
  for (const point of points) problems.push(...(await crashAt(plan, crd, point, calm)));
  return { points: points.length, problems };
}

async function crashAt(
  plan: Plan,
  crd: AnyObject,
  point: number,
  calm: SimulationResult,
): Promise<readonly string[]> {
  let seen = 0;
  let where = "";
  const isFatal = (request: ApiRequest, when: "before" | "after"): boolean => {
    if (!isCrashPoint(request, when)) return false;
    seen += 1;
    if (seen === point) where = `killed ${when} write ${point}, ${request.method} ${request.path}`;
    return seen === point;
  };
  const { violations, ends } = await simulate({ plan, crd, isFatal });
  const problems = violations.map((violation) => `${where}: ${violation}`);
  if (isDeepEqual(ends, calm.ends)) return problems;
  return [
    ...problems,
    `${where}: ended as ${JSON.stringify(ends)}, without a crash as ${JSON.stringify(calm.ends)}`,
  ];
}

function isCrashPoint({ method, path }: ApiRequest, when: "before" | "after"): boolean {
  if (method === "GET" || path.includes("/events") || path.includes("/leases")) return false;
  return when === "after" || path.endsWith("/status");
}
