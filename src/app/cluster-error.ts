import { ApiError, isConflict, isForbidden, isNotFound, UnreachableError } from "../kube/api-error.ts";
import { KubeconfigError } from "../kube/http/kubeconfig-access.ts";
import { toError } from "../lib/errors.ts";

export type ClusterProblem =
  | "not-found"
  | "conflict"
  /** Not known to the cluster, or not allowed. */
  | "forbidden"
  /** No kubeconfig, no connection, no answer. */
  | "unreachable"
  /** The API server said no for another reason. */
  | "refused";

/** Something about the cluster, in one line for a person. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly problem: ClusterProblem;

  constructor(problem: ClusterProblem, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.problem = problem;
  }
}

/** Runs a call; what it rejects with becomes a ClusterError where it is about the cluster. */
export async function inCluster<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw toClusterError(thrown);
  }
}

export function toClusterError(thrown: unknown): Error {
  if (thrown instanceof UnreachableError)
    return new ClusterError(
      "unreachable",
      `the cluster does not answer: ${thrown.message}; is it the right one? See --context and --kubeconfig`,
      {
        cause: thrown,
      },
    );
  if (thrown instanceof KubeconfigError)
    return new ClusterError("unreachable", `${thrown.message}; see --kubeconfig and --context`, {
      cause: thrown,
    });
  if (!(thrown instanceof ApiError)) return toError(thrown);
  return new ClusterError(problemOf(thrown), messageOf(thrown), { cause: thrown });
}

function problemOf(error: ApiError): ClusterProblem {
  if (isNotFound(error)) return "not-found";
  if (isConflict(error)) return "conflict";
  if (isForbidden(error) || error.status.code === 401) return "forbidden";
  return "refused";
}

/** Without a name in its details a 404 is about the kind, not about an object. */
function messageOf(error: ApiError): string {
  if (isNotFound(error) && error.status.details?.name === undefined)
    return "this cluster knows no Rollouts: Sluice's CRD is not installed (kubectl apply -f crds/)";
  if (error.status.code === 401) return `${error.message}: the cluster does not accept these credentials`;
  return error.message;
}
