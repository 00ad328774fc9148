{{/*
What the controller may do in the namespaces that it looks after: these rights and no other. Tests show that a release
asks for every one of them.
*/}}
{{- define "sluice.rules" -}}
# Objects are watched, and got one by one only after a conflict or a write without an answer.
# Rollouts: read; take commands and finalizers off (patch); tell the state.
- apiGroups: [sluice.dev]
  resources: [rollouts]
  verbs: [get, list, watch, patch]
- apiGroups: [sluice.dev]
  resources: [rollouts/status]
  verbs: [update]
# Owner references with blockOwnerDeletion, where the API server checks them (OwnerReferencesPermissionEnforcement).
- apiGroups: [sluice.dev]
  resources: [rollouts/finalizers]
  verbs: [update]
# The target is scaled, the primary made, promoted and removed.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
# Why pods are not ready.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# The apex, primary and canary Services.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [networking.istio.io]
  resources: [virtualservices]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [networking.istio.io]
  resources: [destinationrules]
  verbs: [get, list, watch, create, update, patch, delete]
# Preflight: where mutual TLS is asked for.
- apiGroups: [security.istio.io]
  resources: [peerauthentications]
  verbs: [list, watch]
# Webhook URLs and tokens that Rollouts name. They are read when they are needed, never listed or watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# Certificates of webhooks' servers.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}
