import type { PodTemplate } from "../../../kube/kind/workload.ts";
import { canonicalJson, isDeepEqual } from "../../../lib/json.ts";

export const POD_TEMPLATE_HASH = "pod-template-hash";

/** Letters and digits that cannot form words or be confused (k8s.io/apimachinery/pkg/util/rand). */
const SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/**
 * The pod-template-hash of a template: FNV-32a, its decimal digits spelt in the safe alphabet, as
 * kube-controller-manager does. It hashes a dump of Go structures where we hash canonical JSON, so the values differ
 * from a real cluster's; nothing may depend on them. `collisions` makes another name when one is taken.
 */
export function templateHash(template: PodTemplate, collisions = 0): string {
  const sum = fnv32a(canonicalJson(template) + (collisions === 0 ? "" : `#${collisions}`));
  return [...String(sum)].map((digit) => SAFE_ALPHABET[digit.charCodeAt(0) % SAFE_ALPHABET.length]).join("");
}

/** http://www.isthe.com/chongo/tech/comp/fnv/ over the text's UTF-8 bytes. */
function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Whether two templates are the same apart from the hash label that a ReplicaSet's has. */
export function isSameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return isDeepEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplate): PodTemplate {
  if (template.metadata?.labels?.[POD_TEMPLATE_HASH] === undefined) return template;
  const { [POD_TEMPLATE_HASH]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}
