import type { Pod } from "../../kube/kind/workload.ts";
import { childOf, type Draft } from "../apiserver/json-object.ts";

const INJECT = "sidecar.istio.io/inject";

/** Istio's rule for one pod: label or annotation may say "false", and a pod on the host's network gets none. */
export function wantsSidecar(pod: Pick<Pod, "metadata"> & { readonly spec?: unknown }): boolean {
  const { labels, annotations } = pod.metadata;
  const { hostNetwork } = (pod.spec ?? {}) as { readonly hostNetwork?: boolean };
  return (labels?.[INJECT] ?? annotations?.[INJECT]) !== "false" && hostNetwork !== true;
}

function proxyContainer() {
  return {
    name: "istio-proxy",
    image: "docker.io/istio/proxyv2:1.28.0",
    imagePullPolicy: "IfNotPresent",
    restartPolicy: "Always",
    args: ["proxy", "sidecar"],
    ports: [{ containerPort: 15_090, protocol: "TCP", name: "http-envoy-prom" }],
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  };
}

const STATUS = JSON.stringify({ initContainers: ["istio-proxy"], containers: null, revision: "default" });

/**
 * What istiod's injection webhook leaves in a new pod, as far as others look at it: the proxy as a native sidecar, the
 * annotation that says so, and the label by which endpoints are known to speak mutual TLS. Namespaces are not asked:
 * all are in the mesh.
 */
export function injectSidecar(draft: Draft): void {
  const pod = draft as unknown as Pod;
  if (!wantsSidecar(pod)) return;
  const metadata = childOf(draft, "metadata");
  const labels = childOf(metadata, "labels");
  const annotations = childOf(metadata, "annotations");
  const name = String(labels["app"] ?? labels["app.kubernetes.io/name"] ?? pod.metadata.name ?? "");
  labels["security.istio.io/tlsMode"] = "istio";
  if (name !== "") labels["service.istio.io/canonical-name"] = name;
  labels["service.istio.io/canonical-revision"] = String(
    labels["version"] ?? labels["app.kubernetes.io/version"] ?? "latest",
  );
  annotations["sidecar.istio.io/status"] = STATUS;
  const spec = childOf(draft, "spec");
  spec["initContainers"] = [proxyContainer(), ...((spec["initContainers"] as unknown[] | undefined) ?? [])];
}
