import type { Finding } from "../../api/preflight.ts";
import { plural } from "../../lib/text.ts";
import { dataplaneOf, expectedDataplane, isInMesh, optOutOf } from "../dataplane.ts";
import type { PreflightView } from "../view.ts";

/** Canary pods must be in the mesh where the primary's are. */
export function sidecar(view: PreflightView): readonly Finding[] {
  const { canary, primary, namespaceLabels } = view;
  if (primary.pods.length === 0) return optedOut(view);
  if (isInMesh(primary, namespaceLabels) !== true) return [];
  const outside = canary.pods.filter((pod) => dataplaneOf(pod) === "none");
  if (outside.length > 0) {
    const few = outside.length === canary.pods.length ? "" : `${outside.length} of `;
    const [first] = outside;
    const what = `has ${few}${plural(canary.pods.length, "canary pod")} without istio-proxy (${first?.metadata.name}), while the primary's pods have it`;
    return [finding(view, what, "blocks")];
  }
  // Whether they will be injected is seen when they are there; that they will not is known before.
  if (canary.pods.length > 0 || canary.template === null || optOutOf(canary.template) === null) return [];
  if (expectedDataplane(canary.template, namespaceLabels) !== "none") return [];
  return [finding(view, "makes canary pods without istio-proxy, while the primary's pods have it", "blocks")];
}

/** No primary to compare with: what the namespace is labelled for says what it will be. */
function optedOut(view: PreflightView): readonly Finding[] {
  const {
    canary: { template },
    namespaceLabels,
  } = view;
  if (template === null || namespaceLabels === null || optOutOf(template) === null) return [];
  const isOut = expectedDataplane(template, namespaceLabels) === "none";
  const isMeshed = expectedDataplane({ spec: { containers: [] } }, namespaceLabels) !== "none";
  if (!isOut || !isMeshed) return [];
  return [finding(view, "keeps its pods out of the mesh that its namespace is in", "warns")];
}

function finding(view: PreflightView, what: string, severity: Finding["severity"]): Finding {
  const { namespace, names, canary } = view;
  const optOut = canary.template === null ? null : optOutOf(canary.template);
  return {
    check: "sidecar",
    severity,
    object: { kind: "Deployment", namespace, name: names.target },
    field: optOut?.field ?? "spec.template.metadata.labels",
    what,
    why: "mutual TLS to such pods fails where it is asked for, what they call under STRICT refuses them, and they count no requests, so that the two sides cannot be compared",
    fix: optOut === null ? labelIt(view) : `Take ${optOut.text} off the pod template`,
  };
}

function labelIt({ namespace, namespaceLabels }: PreflightView): string {
  const pods = "and delete the canary's pods, so that they are made again";
  if (namespaceLabels === null)
    return `See that the namespace ${namespace} is labelled for injection, ${pods}`;
  const { "istio-injection": injection, "istio.io/rev": revision } = namespaceLabels;
  if (injection === undefined && revision === undefined)
    return `Label the namespace: kubectl label namespace ${namespace} istio-injection=enabled; ${pods}`;
  if (injection === "disabled")
    return `The namespace says istio-injection=disabled: kubectl label --overwrite namespace ${namespace} istio-injection=enabled; ${pods}`;
  return `The namespace is labelled, so the injector did not answer when the pods were made: look at istiod${revision === undefined ? "" : ` of revision ${revision}`}, ${pods}`;
}
