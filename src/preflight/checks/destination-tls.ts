import type { Finding } from "../../api/preflight.ts";
import { isInMesh, optOutOf } from "../dataplane.ts";
import { policyOf, type Said, type TlsPolicy } from "../destination-policy.ts";
import { type PeerMode, peerMode } from "../mutual-tls.ts";
import { containerPort, labelsOf, policyPlace, type SideName, targetOf } from "../sides.ts";
import type { PreflightView } from "../view.ts";

/** What callers are told to speak to a side, its pods must understand. */
export function destinationTls(view: PreflightView): readonly Finding[] {
  const found = (["canary", "primary"] as const).flatMap((side) => {
    const said = policyOf<TlsPolicy>(view, { ...targetOf(view, side), port: view.spec.service.port }, "tls");
    const clash = said === null ? null : clashOf(view, side, said);
    return said === null || clash === null
      ? []
      : [finding(view, said, { clash, isSure: isKnown(view, side) })];
  });
  // One rule for both sides is told of once.
  return found.filter(
    ({ object }, index) => found.findIndex((it) => it.object.name === object.name) === index,
  );
}

function clashOf(view: PreflightView, side: SideName, { value: { mode } }: Said<TlsPolicy>): string | null {
  const peer = peerMode(view, labelsOf(view[side]), containerPort(view));
  const isIn = isInMesh(view[side], view.namespaceLabels);
  const pods = `the ${side}'s pods`;
  if (mode === "ISTIO_MUTUAL" && isIn === false) return `${pods} have no proxy to answer it`;
  if (mode === "ISTIO_MUTUAL" && peer.mode === "DISABLE")
    return `${pods} take plain text alone (${byText(peer)})`;
  const isPlain = mode === "DISABLE" || mode === "SIMPLE";
  if (isPlain && peer.mode === "STRICT" && isIn !== false)
    return `${pods} take mutual TLS alone (${byText(peer)})`;
  return null;
}

/** That pods are in the mesh, labels say for sure; that they are not, only pods do, or a template that opts out. */
function isKnown(view: PreflightView, side: SideName): boolean {
  const { pods, template } = view[side];
  if (isInMesh(view[side], view.namespaceLabels) === true) return true;
  return pods.length > 0 || (template !== null && optOutOf(template) !== null);
}

function byText({ mode, by }: PeerMode): string {
  return `${mode} by PeerAuthentication ${by?.metadata.namespace}/${by?.metadata.name}`;
}

function finding(
  view: PreflightView,
  said: Said<TlsPolicy>,
  { clash, isSure }: { readonly clash: string; readonly isSure: boolean },
): Finding {
  const { object, field } = policyPlace(view, said);
  return {
    check: "destination-tls",
    severity: isSure ? "blocks" : "warns",
    object,
    field: `${field}.mode`,
    what: `lets callers speak tls ${said.value.mode}, and ${clash}`,
    why: "every request would end in 503",
    fix: "Take tls off it: Istio finds out by itself what each pod speaks",
  };
}
