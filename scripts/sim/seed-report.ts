import { planText, runSeed, type SeedResult } from "../../src/app/simulation/run-seed.ts";
import type { AnyObject } from "../../src/kube/object.ts";

/** What is told of a seed; it goes from one process to another. */
export interface SeedReport {
  readonly seed: number;
  readonly failed: boolean;
  readonly virtualMs: number;
  /** For people: what was played, what was broken, how to play it again. */
  readonly lines: readonly string[];
}

export async function reportOf(
  seed: number,
  crd: AnyObject,
  onLine?: (line: string) => void,
): Promise<SeedReport> {
  const played = await runSeed(seed, crd, onLine);
  return {
    seed,
    failed: played.violations.length > 0,
    virtualMs: played.result.virtualMs,
    lines: linesOf(played),
  };
}

function linesOf({ seed, plan, violations, digest, result }: SeedResult): readonly string[] {
  const { kills, writes } = result;
  return [
    `seed ${seed}: ${planText(plan)}; ${kills} kills, ${writes} writes, trace ${digest}`,
    ...violations.map((violation) => `  ${violation}`),
    ...(violations.length > 0 ? [`  replay: npm run sim -- --seed ${seed} --verbose`] : []),
  ];
}
