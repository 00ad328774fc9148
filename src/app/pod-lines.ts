import type { Client } from "../kube/client.ts";
import type { Deployment, Pod } from "../kube/kind/workload.ts";
import { POD } from "../kube/resources.ts";
import { isReady, podTrouble } from "../workload/deployment/not-ready-reason.ts";

/** One pod of a release, for people. */
export interface PodLine {
  readonly name: string;
  readonly isReady: boolean;
  readonly restarts: number;
  /** Why it is not ready; "" when it is. */
  readonly trouble: string;
}

/** More pods than this are not read: who has so many looks at numbers. */
const MAX_PODS = 50;

/** The pods that a Deployment selects, those in trouble first. Rejects with what the client throws. */
export async function podLines(client: Client, deployment: Deployment): Promise<readonly PodLine[]> {
  const labels = Object.entries(deployment.spec.selector.matchLabels ?? {});
  if (labels.length === 0) return [];
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  const { namespace } = deployment.metadata;
  const { items } = await client.list(POD, { namespace, labelSelector, limit: MAX_PODS });
  return items
    .map(toLine)
    .sort((a, b) => Number(a.isReady) - Number(b.isReady) || a.name.localeCompare(b.name, "en"));
}

function toLine(pod: Pod): PodLine {
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  const ready = isReady(pod) && !isGoing;
  const restarts = pod.status?.containerStatuses?.reduce((sum, it) => sum + it.restartCount, 0) ?? 0;
  const trouble = isGoing ? "terminating" : podTrouble(pod);
  return { name: pod.metadata.name, isReady: ready, restarts, trouble: ready ? "" : trouble };
}
