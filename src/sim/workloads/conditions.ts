import type { Condition } from "../../kube/kind/workload.ts";
import { isoTime } from "../../lib/time.ts";

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function withoutCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/**
 * Sets a condition as the workload controllers of Kubernetes do: nothing happens when status and reason stay (a new
 * message alone is lost); otherwise it moves to the end of the list, and lastTransitionTime moves with the status only.
 */
export function withCondition(
  conditions: readonly Condition[],
  condition: Condition,
  now: number,
): readonly Condition[] {
  const current = findCondition(conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return conditions;
  const at = isoTime(now);
  const since = current?.status === condition.status ? current.lastTransitionTime : undefined;
  return [
    ...withoutCondition(conditions, condition.type),
    { ...condition, lastUpdateTime: at, lastTransitionTime: since ?? at },
  ];
}
