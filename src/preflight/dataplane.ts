import type { Pod, PodTemplate } from "../kube/kind/workload.ts";
import type { Labels, SideView } from "./view.ts";

/** By which a pod takes part in the mesh. */
export type Dataplane = "sidecar" | "ambient" | "none";

const INJECT = "sidecar.istio.io/inject";
const REVISION = "istio.io/rev";
const MODE = "istio.io/dataplane-mode";

/** Set by istio-cni on pods whose traffic ztunnel has taken over. */
export const REDIRECTION = "ambient.istio.io/redirection";

export const PROXY = "istio-proxy";

/** What a pod really has: a proxy beside its containers or before them (a native sidecar), or ztunnel. */
export function dataplaneOf({ metadata, spec }: Pod): Dataplane {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (containers.some(({ name }) => name === PROXY)) return "sidecar";
  return metadata.annotations?.[REDIRECTION] === "enabled" ? "ambient" : "none";
}

/**
 * What pods of a template will have, after the labels of their namespace; null where these are not known and the
 * template does not say it alone. https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 */
export function expectedDataplane(template: PodTemplate, namespace: Labels | null): Dataplane | null {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const isOnHost = template.spec.hostNetwork === true;
  if (isOnHost) return "none";
  const ambient = (labels[MODE] ?? namespace?.[MODE]) === "ambient";
  if ((labels[INJECT] ?? annotations[INJECT]) === "false") return ambient ? "ambient" : "none";
  // An annotation can only say no: istiod's webhooks are called by labels.
  if (labels[INJECT] === "true" && namespace?.["istio-injection"] !== "disabled") return "sidecar";
  if (namespace === null) return ambient ? "ambient" : null;
  if (isInjected(labels, namespace)) return "sidecar";
  return ambient ? "ambient" : "none";
}

function isInjected(pod: Labels, namespace: Labels): boolean {
  const said = namespace["istio-injection"];
  if (said !== undefined) return said === "enabled";
  return (namespace[REVISION] ?? pod[REVISION] ?? "") !== "";
}

/** Whether a side takes part in the mesh; null: not known. Pods tell; only where there are none their template does. */
export function isInMesh({ pods, template }: SideView, namespace: Labels | null): boolean | null {
  if (pods.length > 0) return pods.some((pod) => dataplaneOf(pod) !== "none");
  const expected = template === null ? null : expectedDataplane(template, namespace);
  return expected === null ? null : expected !== "none";
}

/** What in a template keeps its pods out of the mesh, as a field; null: nothing. */
export function optOutOf({
  metadata,
  spec,
}: PodTemplate): { readonly field: string; readonly text: string } | null {
  if (spec.hostNetwork === true)
    return { field: "spec.template.spec.hostNetwork", text: "hostNetwork: true" };
  const text = `${INJECT}: "false"`;
  if (metadata?.labels?.[INJECT] === "false")
    return { field: "spec.template.metadata.labels", text: `the label ${text}` };
  if (metadata?.labels?.[INJECT] === undefined && metadata?.annotations?.[INJECT] === "false")
    return { field: "spec.template.metadata.annotations", text: `the annotation ${text}` };
  return null;
}
