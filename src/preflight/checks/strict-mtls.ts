import type { Finding } from "../../api/preflight.ts";
import { isInMesh } from "../dataplane.ts";
import { peerMode } from "../mutual-tls.ts";
import { containerPort, labelsOf, place } from "../sides.ts";
import type { PreflightView } from "../view.ts";

/** STRICT means something only where a proxy asks for it; and what enters the mesh begins to refuse. */
export function strictMtls(view: PreflightView): readonly Finding[] {
  const { canary, primary, namespaceLabels, namespace, names } = view;
  const { mode, by } = peerMode(view, labelsOf(canary), containerPort(view));
  if (mode !== "STRICT" || by === null) return [];
  const isIn = isInMesh(canary, namespaceLabels);
  // Without a primary it is the target that the primary will be made from.
  const wasIn =
    primary.template === null && primary.pods.length === 0 ? isIn : isInMesh(primary, namespaceLabels);
  const about = {
    check: "strict-mtls",
    severity: "warns",
    object: place(by, namespace),
    field: "spec.mtls.mode",
  } as const;
  if (isIn === false && wasIn === false)
    return [
      {
        ...about,
        what: `asks for mutual TLS (STRICT) of ${names.target}, whose pods are outside of the mesh`,
        why: "without a proxy nothing asks for it: callers reach them in plain text, and what they call under STRICT refuses them",
        fix: `Bring ${names.target} into the mesh (label the namespace ${namespace}, or its pods)`,
      },
    ];
  if (isIn === true && wasIn === false)
    return [
      {
        ...about,
        what: `asks for mutual TLS (STRICT) of ${names.target}, whose canary is in the mesh while the primary is not`,
        why: "callers without a sidecar, whom the primary answers, are refused from the promotion on",
        fix: "Let it say PERMISSIVE for this workload until all its callers have a sidecar",
      },
    ];
  return [];
}
