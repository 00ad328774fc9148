import type { AnalysisSpec } from "../api/spec.ts";
import { parseDuration } from "../lib/duration.ts";

/** How much time a row of evidence covers. The default stands for a spec that cannot be read, which may lack anything. */
export function intervalMsOf(analysis: Pick<AnalysisSpec, "interval"> | undefined): number {
  return parseDuration(analysis?.interval ?? "") ?? 15_000;
}
