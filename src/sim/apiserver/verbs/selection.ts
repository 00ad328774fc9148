import type { AnyObject } from "../../../kube/object.ts";
import type { Call } from "./call.ts";
import { parseFieldSelector, pinnedName } from "./field-selector.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { ListOptions } from "./request-options.ts";

/** Which objects of a resource a list or a watch is about. */
export interface Selection {
  /** undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** The only name that can match, if the selector pins one. */
  readonly name: string | undefined;
  /** No selector: every object of the namespace. */
  readonly isEverything: boolean;
  readonly matches: (object: AnyObject) => boolean;
}

export function selectionOf(
  call: Call,
  options: Pick<ListOptions, "labelSelector" | "fieldSelector">,
): Selection {
  const byLabel = parseLabelSelector(options.labelSelector);
  const byField = parseFieldSelector(options.fieldSelector, call.definition);
  const pinned = pinnedName(options.fieldSelector);
  return {
    namespace: call.definition.namespaced ? call.namespace : "",
    name: call.name ?? pinned,
    isEverything: (options.labelSelector ?? "") === "" && (options.fieldSelector ?? "") === "",
    matches: (object) => byLabel(object.metadata.labels ?? NO_LABELS) && byField(object),
  };
}

const NO_LABELS = {};
