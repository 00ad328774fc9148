import type { LabelSelector, PodTemplate } from "../../kube/kind/workload.ts";
import { isDeepEqual } from "../../lib/json.ts";

/** Added to a ReplicaSet's template by the Deployment controller; names the revision. */
export const POD_TEMPLATE_HASH = "pod-template-hash";

/** The label that tells the pods of target and primary apart. */
export interface SelectorLabel {
  readonly key: string;
  /** On pods of the target. */
  readonly target: string;
  /** On pods of the primary. */
  readonly primary: string;
}

/** Labels that may be the one, the first that is there wins. */
export const SELECTOR_LABEL_KEYS = ["app", "name", "app.kubernetes.io/name"] as const;

/** The target's selector label; null when it has none of those we know. */
export function selectorLabelOf(selector: LabelSelector): SelectorLabel | null {
  for (const key of SELECTOR_LABEL_KEYS) {
    const value = selector.matchLabels?.[key];
    if (value !== undefined) return { key, target: value, primary: `${value}-primary` };
  }
  return null;
}

/** The template as its author wrote it: without what controllers and serialisers add. */
export function authoredTemplate(template: PodTemplate): PodTemplate {
  const { labels, creationTimestamp: _none, ...metadata } = template.metadata ?? {};
  const { [POD_TEMPLATE_HASH]: _hash, ...authored } = labels ?? {};
  return { ...template, metadata: { ...metadata, labels: authored } };
}

/** Whether both make the same pods; the hash label apart. */
export function isSameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return isDeepEqual(authoredTemplate(a), authoredTemplate(b));
}

export function imagesOf(template: PodTemplate): readonly string[] {
  return template.spec.containers.map((container) => container.image ?? "");
}

/**
 * The primary's template: the analysed one, byte for byte, but for the selector label. Affinity and spread rules that
 * name the target's pods would go on looking at the target's; they follow the label.
 */
export function primaryTemplate(analysed: PodTemplate, label: SelectorLabel): PodTemplate {
  const authored = authoredTemplate(analysed);
  const { affinity, topologySpreadConstraints, ...spec } = authored.spec;
  return {
    ...authored,
    metadata: {
      ...authored.metadata,
      labels: { ...authored.metadata?.labels, [label.key]: label.primary },
    },
    spec: {
      ...spec,
      ...(affinity === undefined ? {} : { affinity: renameInSelectors(affinity, label) }),
      ...(topologySpreadConstraints === undefined
        ? {}
        : { topologySpreadConstraints: renameInSelectors(topologySpreadConstraints, label) }),
    },
  };
}

/** Every `labelSelector` within, with the target's label value replaced by the primary's. */
function renameInSelectors(value: unknown, label: SelectorLabel): unknown {
  if (Array.isArray(value)) return value.map((item) => renameInSelectors(item, label));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "labelSelector"
        ? renameSelector(member as LabelSelector, label)
        : renameInSelectors(member, label),
    ]),
  );
}

function renameSelector(selector: LabelSelector, label: SelectorLabel): LabelSelector {
  const { matchLabels, matchExpressions } = selector;
  const rename = (value: string) => (value === label.target ? label.primary : value);
  return {
    ...selector,
    ...(matchLabels?.[label.key] === label.target
      ? { matchLabels: { ...matchLabels, [label.key]: label.primary } }
      : {}),
    ...(matchExpressions === undefined
      ? {}
      : {
          matchExpressions: matchExpressions.map((term) =>
            term.key === label.key && term.values !== undefined
              ? { ...term, values: term.values.map(rename) }
              : term,
          ),
        }),
  };
}
