import { asList, asObject, childOf, type Draft, isObject, setDefault } from "../json-object.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";

function drafts(list: unknown): readonly Draft[] {
  return asList(list).filter(isObject) as readonly Draft[];
}

/** stringData is written into data, and is never read back. */
export function defaultSecret(draft: Draft): void {
  setDefault(draft, "type", "Opaque");
  const texts = Object.entries(asObject(draft["stringData"]));
  delete draft["stringData"];
  if (texts.length === 0) return;
  const encoded = texts.map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  draft["data"] = { ...asObject(draft["data"]), ...Object.fromEntries(encoded) };
}

/** Every namespace says its name in a label, and is held by the finalizer of the namespace controller. */
export function defaultNamespace(draft: Draft): void {
  const meta = childOf(draft, "metadata");
  if (typeof meta["name"] !== "string") return;
  childOf(meta, "labels")["kubernetes.io/metadata.name"] = meta["name"];
}

export function prepareNewNamespace(draft: Draft): void {
  const spec = childOf(draft, "spec");
  const finalizers = asList(spec["finalizers"]);
  spec["finalizers"] = finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"];
  draft["status"] = { phase: "Active" };
}

export function defaultRoleBinding(draft: Draft): void {
  setDefault(childOf(draft, "roleRef"), "apiGroup", RBAC_GROUP);
  if (childOf(draft, "roleRef")["apiGroup"] === "") childOf(draft, "roleRef")["apiGroup"] = RBAC_GROUP;
  for (const subject of drafts(draft["subjects"])) {
    if (subject["kind"] !== "ServiceAccount") setDefault(subject, "apiGroup", RBAC_GROUP);
  }
}

export function defaultNetworkPolicy(draft: Draft): void {
  const spec = childOf(draft, "spec");
  setDefault(spec, "policyTypes", spec["egress"] === undefined ? ["Ingress"] : ["Ingress", "Egress"]);
  for (const rule of [...drafts(spec["ingress"]), ...drafts(spec["egress"])]) {
    for (const port of drafts(rule["ports"])) setDefault(port, "protocol", "TCP");
  }
}

export function defaultEndpoints(draft: Draft): void {
  for (const subset of drafts(draft["subsets"])) {
    for (const port of drafts(subset["ports"])) setDefault(port, "protocol", "TCP");
  }
}

export function defaultEndpointSlice(draft: Draft): void {
  for (const port of drafts(draft["ports"])) {
    setDefault(port, "name", "");
    setDefault(port, "protocol", "TCP");
  }
}
