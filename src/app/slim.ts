import { COMMANDS, commandAnnotation } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Pod } from "../kube/kind/workload.ts";

/** What caches keep of the objects that there are most of: each of thousands costs as much as it is large. */

/** Who set a command is in managedFields, which are half of a Rollout: they are kept while it has one. */
export function slimRollout(rollout: Rollout): Rollout {
  const { annotations = {} } = rollout.metadata;
  if (COMMANDS.some((name) => annotations[commandAnnotation(name)] !== undefined)) return rollout;
  const { managedFields: _, ...metadata } = rollout.metadata;
  return { ...rollout, metadata };
}

/** Nobody here reads a pod's spec, and nothing is to be explained about one that is ready. */
export function slimPod(pod: Pod): Pod {
  const { managedFields: _, annotations: __, ...metadata } = pod.metadata;
  const { apiVersion, kind, status } = pod;
  return {
    apiVersion,
    kind,
    metadata,
    ...(status === undefined ? {} : { status: slimStatus(status) }),
  } as Pod;
}

function slimStatus(status: NonNullable<Pod["status"]>): NonNullable<Pod["status"]> {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return status;
  const { phase, podIP } = status;
  return { phase, podIP, conditions: [{ type: "Ready", status: "True" }] } as NonNullable<Pod["status"]>;
}
