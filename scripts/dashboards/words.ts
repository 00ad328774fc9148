import { valueMapping } from "./panels.ts";

/** What several dashboards say alike. */

export const VERDICTS = valueMapping({
  "-1": ["fail", "red"],
  "0": ["inconclusive", "yellow"],
  "1": ["pass", "green"],
});

export const PHASES = valueMapping({
  Initializing: ["Initializing", "blue"],
  Initialized: ["Initialized", "green"],
  Waiting: ["Waiting", "yellow"],
  Progressing: ["Progressing", "blue"],
  WaitingPromotion: ["WaitingPromotion", "yellow"],
  Promoting: ["Promoting", "blue"],
  Finalising: ["Finalising", "blue"],
  Succeeded: ["Succeeded", "green"],
  Failed: ["Failed", "red"],
});

/** A quantile of a histogram; `by`: labels that are kept. */
export function quantile(q: number, histogram: string, selector = "", ...by: readonly string[]): string {
  const labels = ["le", ...by].join(", ");
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${histogram}_bucket${selector}[$__rate_interval])))`;
}

/** The middle and the worst of a histogram, as two curves. */
export function middleAndWorst(histogram: string, selector: string): readonly (readonly [string, string])[] {
  return [
    [quantile(0.5, histogram, selector), "p50"],
    [quantile(0.99, histogram, selector), "p99"],
  ];
}

/** Likewise over the whole range that is shown, for what happens seldom. */
export function quantileOfRange(
  q: number,
  histogram: string,
  selector = "",
  ...by: readonly string[]
): string {
  const labels = ["le", ...by].join(", ");
  return `histogram_quantile(${q}, sum by (${labels}) (increase(${histogram}_bucket${selector}[$__range])))`;
}
