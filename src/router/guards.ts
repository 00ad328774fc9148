/**
 * Keep Flux from setting objects that we made or took over back to what it finds in Git (Flux' kustomize-controller
 * and helm-controller know these annotations).
 */
export const GITOPS_GUARDS: Readonly<Record<string, string>> = {
  "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
  "helm.toolkit.fluxcd.io/driftDetection": "disabled",
};
