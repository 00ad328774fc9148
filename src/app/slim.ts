import { COMMANDS, commandAnnotation } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Namespace } from "../kube/kind/cluster.ts";
import type { Pod, PodSpec } from "../kube/kind/workload.ts";
import { dataplaneOf, PROXY, REDIRECTION } from "../preflight/dataplane.ts";

/** What caches keep of the objects that there are most of: each of thousands costs as much as it is large. */

/** Who set a command is in managedFields, which are half of a Rollout: they are kept while it has one. */
export function slimRollout(rollout: Rollout): Rollout {
  const { annotations = {} } = rollout.metadata;
  if (COMMANDS.some((name) => annotations[commandAnnotation(name)] !== undefined)) return rollout;
  const { managedFields: _, ...metadata } = rollout.metadata;
  return { ...rollout, metadata };
}

/** Labels say whether pods of a namespace are in the mesh; nothing else of it is read. */
export function slimNamespace({ apiVersion, kind, metadata }: Namespace): Namespace {
  const { managedFields: _, annotations: __, ...rest } = metadata;
  return { apiVersion, kind, metadata: rest };
}

/** Shared by all pods. */
const PROXIED: PodSpec = { containers: [{ name: PROXY }] };
const BARE: PodSpec = { containers: [] };
const CAPTURED = { [REDIRECTION]: "enabled" };

/** Of a pod's spec is read whether it is in the mesh, and nothing is to be explained about one that is ready. */
export function slimPod(pod: Pod): Pod {
  const { managedFields: _, annotations: __, ...metadata } = pod.metadata;
  const { apiVersion, kind, status } = pod;
  const dataplane = dataplaneOf(pod);
  return {
    apiVersion,
    kind,
    metadata: dataplane === "ambient" ? { ...metadata, annotations: CAPTURED } : metadata,
    spec: dataplane === "sidecar" ? PROXIED : BARE,
    ...(status === undefined ? {} : { status: slimStatus(status) }),
  };
}

function slimStatus(status: NonNullable<Pod["status"]>): NonNullable<Pod["status"]> {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return status;
  const { phase, podIP } = status;
  return { phase, podIP, conditions: [{ type: "Ready", status: "True" }] } as NonNullable<Pod["status"]>;
}
