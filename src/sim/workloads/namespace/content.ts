import type { KubeObject } from "../../../kube/object.ts";
import { type Resource, resourceText } from "../../../kube/resource.ts";

/** What is left of a resource in a namespace that is being deleted. */
export interface Remainder {
  readonly resource: Resource;
  readonly objects: readonly KubeObject[];
}

export interface NamespaceCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

type Wanted = Omit<NamespaceCondition, "lastTransitionTime">;

/**
 * The conditions of a namespace on its way out, which tell people what it waits for (kube-controller-manager,
 * pkg/controller/namespace/deletion/status_condition_utils.go).
 */
export function deletionConditions(
  remainders: readonly Remainder[],
  before: readonly NamespaceCondition[],
  at: string,
): readonly NamespaceCondition[] {
  const wanted: readonly Wanted[] = [
    {
      type: "NamespaceDeletionDiscoveryFailure",
      status: "False",
      reason: "ResourcesDiscovered",
      message: "All resources successfully discovered",
    },
    {
      type: "NamespaceDeletionGroupVersionParsingFailure",
      status: "False",
      reason: "ParsedGroupVersions",
      message: "All legacy kube types successfully parsed",
    },
    {
      type: "NamespaceDeletionContentFailure",
      status: "False",
      reason: "ContentDeleted",
      message: "All content successfully deleted, may be waiting on finalization",
    },
    contentRemaining(remainders),
    finalizersRemaining(remainders),
  ];
  return wanted.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const since = known?.status === condition.status ? known.lastTransitionTime : at;
    return { ...condition, lastTransitionTime: since };
  });
}

function contentRemaining(remainders: readonly Remainder[]): Wanted {
  const counts = remainders
    .map(({ resource, objects }) => `${resourceName(resource)} has ${objects.length} resource instances`)
    .sort();
  return counts.length === 0
    ? {
        type: "NamespaceContentRemaining",
        status: "False",
        reason: "ContentRemoved",
        message: "All content successfully removed",
      }
    : {
        type: "NamespaceContentRemaining",
        status: "True",
        reason: "SomeResourcesRemain",
        message: `Some resources are remaining: ${counts.join(", ")}`,
      };
}

function finalizersRemaining(remainders: readonly Remainder[]): Wanted {
  const counts = new Map<string, number>();
  for (const finalizer of remainders.flatMap(({ objects }) => objects.flatMap(finalizersOf))) {
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  const texts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  return texts.length === 0
    ? {
        type: "NamespaceFinalizersRemaining",
        status: "False",
        reason: "ContentHasNoFinalizers",
        message: "All content-preserving finalizers finished",
      }
    : {
        type: "NamespaceFinalizersRemaining",
        status: "True",
        reason: "SomeFinalizersRemain",
        message: `Some content in the namespace has finalizers remaining: ${texts.join(", ")}`,
      };
}

function finalizersOf(object: KubeObject): readonly string[] {
  return object.metadata.finalizers ?? [];
}

/** As GroupResource prints itself with a trailing dot for the core group. */
function resourceName(resource: Resource): string {
  return resource.group === "" ? `${resource.plural}.` : resourceText(resource);
}
