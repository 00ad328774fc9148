import type { Pod } from "../../kube/kind/workload.ts";
import { childOf, type Draft } from "../apiserver/json-object.ts";

const INJECT = "sidecar.istio.io/inject";
const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";
const PROXY = "istio-proxy";

type Labels = Readonly<Record<string, string>>;
type NewPod = Pick<Pod, "metadata"> & { readonly spec?: unknown };

/** A namespace whose pods are in the mesh. */
export const INJECTED_NAMESPACE: Labels = { [INJECTION]: "enabled" };

/**
 * Whether istiod gives a new pod a sidecar, by the labels of its namespace and its own: what its webhooks select, and what
 * they then do. Every revision that is named is taken for installed.
 * https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy
 */
export function isInjected(pod: NewPod, namespace: Labels): boolean {
  const { labels = {}, annotations = {} } = pod.metadata;
  const { hostNetwork } = (pod.spec ?? {}) as { readonly hostNetwork?: boolean };
  if (hostNetwork === true || !isSelected(labels, namespace)) return false;
  return labels[INJECT] !== undefined || isYes(annotations[INJECT] ?? "");
}

/** The webhooks look at labels alone: of the namespace, and where that says nothing of the pod. */
function isSelected(pod: Labels, namespace: Labels): boolean {
  if (pod[INJECT] === "false") return false;
  if (namespace[INJECTION] !== undefined) return namespace[INJECTION] === "enabled";
  return namespace[REVISION] !== undefined || pod[REVISION] !== undefined || pod[INJECT] === "true";
}

/** What the annotation says; nothing is the default, which is yes. */
function isYes(text: string): boolean {
  return ["", "y", "yes", "true", "on"].includes(text.toLowerCase());
}

/** A proxy beside the containers or before them. */
export function hasProxy({ spec }: Pick<Pod, "spec">): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === PROXY);
}

function proxyContainer() {
  return {
    name: PROXY,
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
 * annotation that says so, and the label by which endpoints are known to speak mutual TLS.
 */
export function injectSidecar(draft: Draft, namespace: Labels): void {
  const pod = draft as unknown as Pod;
  if (!isInjected(pod, namespace)) return;
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
