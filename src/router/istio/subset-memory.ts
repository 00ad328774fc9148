import type { DestinationRule } from "../../kube/kind/network.ts";
import { GITOPS_GUARDS } from "../guards.ts";
import { BEFORE_ANNOTATION } from "./route-memory.ts";

export type Labels = Readonly<Record<string, string>>;

/** How a DestinationRule was before its subsets were ours to label. */
export interface SubsetMemory {
  /** Labels by the name of the subset; null: it had none. Only of subsets that say something else now. */
  readonly labels: Readonly<Record<string, Labels | null>>;
  /** Names of the annotations that we added. */
  readonly annotations: readonly string[];
}

/** Null: nothing is remembered, or somebody has edited the memory. */
export function subsetMemoryIn(rule: DestinationRule): SubsetMemory | null {
  const text = rule.metadata.annotations?.[BEFORE_ANNOTATION];
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isMemory(value) ? value : null;
  } catch {
    return null;
  }
}

/** The annotations of a rule that remembers these labels; without any to remember, those that it had before us. */
export function annotationsWith(rule: DestinationRule, labels: SubsetMemory["labels"]): Labels {
  const memory = subsetMemoryIn(rule);
  const { [BEFORE_ANNOTATION]: _, ...annotations } = rule.metadata.annotations ?? {};
  if (Object.keys(labels).length === 0) {
    const ours = new Set(memory?.annotations ?? []);
    return Object.fromEntries(Object.entries(annotations).filter(([name]) => !ours.has(name)));
  }
  const added =
    memory?.annotations ?? Object.keys(GITOPS_GUARDS).filter((name) => annotations[name] === undefined);
  const guards = Object.fromEntries(added.map((name) => [name, GITOPS_GUARDS[name] ?? ""]));
  const next: SubsetMemory = { labels, annotations: added };
  return { ...annotations, ...guards, [BEFORE_ANNOTATION]: JSON.stringify(next) };
}

function isMemory(value: unknown): value is SubsetMemory {
  if (typeof value !== "object" || value === null) return false;
  const { labels, annotations } = value as Readonly<Record<string, unknown>>;
  return (
    typeof labels === "object" &&
    labels !== null &&
    Object.values(labels).every((it) => it === null || isLabels(it)) &&
    Array.isArray(annotations) &&
    annotations.every((it) => typeof it === "string")
  );
}

function isLabels(value: unknown): value is Labels {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((it) => typeof it === "string")
  );
}
