import { type Labels, METRIC_NAME } from "./labels.ts";

/** To which group of series one belongs. */
export type GroupOf = (labels: Labels) => Labels;

/**
 * Groups by these labels, or by all others. The answer for a series is worked out once: it is asked at every instant of
 * every query.
 */
export function groupBy(labelNames: readonly string[], others: boolean): GroupOf {
  const names = new Set(labelNames);
  if (others) names.add(METRIC_NAME);
  const known = new WeakMap<Labels, Labels>();
  return (labels) => {
    let group = known.get(labels);
    if (group === undefined) {
      group = others ? labels.drop(names) : labels.keep(names);
      known.set(labels, group);
    }
    return group;
  };
}
