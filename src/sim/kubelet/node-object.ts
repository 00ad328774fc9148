import { isoTime } from "../../lib/time.ts";
import type { Node } from "../kinds.ts";

/** Pods that a simulated node takes: playgrounds with thousands of rollouts have few nodes. */
const POD_CAPACITY = 100_000;

/** The Node object of a simulated node, as its kubelet would register it. `index` sets its address. */
export function nodeObject(name: string, index: number, now: number): Node {
  const capacity = { cpu: "64", memory: "256Gi", pods: String(POD_CAPACITY) };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": "zone-a",
      },
    },
    spec: { podCIDR: "10.244.0.0/16" },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: "InternalIP", address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 2}` },
        { type: "Hostname", address: name },
      ],
      conditions: [readyCondition(true, now)],
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "sim://1.0.0",
        kernelVersion: "6.12.0",
        kubeProxyVersion: "",
        kubeletVersion: "v1.36.2",
        machineID: name,
        operatingSystem: "linux",
        osImage: "simulated",
        systemUUID: name,
      },
    },
  };
}

/** The condition Ready of a node: as its kubelet says, or Unknown once nothing is heard of it. */
export function readyCondition(
  isHeardOf: boolean,
  now: number,
): NonNullable<NonNullable<Node["status"]>["conditions"]>[number] {
  const at = isoTime(now);
  const said = isHeardOf
    ? ({ status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" } as const)
    : ({
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting node status.",
      } as const);
  return { type: "Ready", ...said, lastHeartbeatTime: at, lastTransitionTime: at };
}
