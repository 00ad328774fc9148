/**
 * How sure a test is that the canary is worse than is allowed, in a form that people know. Evidence is an e-value: its
 * inverse is a p-value that may be looked at on every tick (Ville's inequality), so 1 - 1/e is the level at which
 * "no worse than allowed" would be rejected. It is not the probability that the canary is worse.
 */
export interface Confidence {
  /** 0: nothing speaks against the canary. Below 1. */
  readonly level: number;
  /** Where the metric fails, if the evidence persists. */
  readonly failsAt: number;
}

/** One test of a metric: ln of its evidence, and of what it needs; infinite where there is no such test. */
export interface TestEvidence {
  readonly evidence: number;
  readonly needed: number;
}

/** That of the test which is nearest to failing; null where there is none. */
export function confidenceOf(tests: readonly TestEvidence[]): Confidence | null {
  const [nearest] = tests
    .filter(({ needed }) => Number.isFinite(needed) && needed > 0)
    .map(({ evidence, needed }) => ({ evidence: Math.max(0, evidence), needed }))
    .sort((a, b) => b.evidence / b.needed - a.evidence / a.needed);
  if (nearest === undefined) return null;
  return { level: -Math.expm1(-nearest.evidence), failsAt: -Math.expm1(-nearest.needed) };
}

/** `none, fails at 99.95 %`; `87 %, fails at 99.95 %`. */
export function confidenceText({ level, failsAt }: Confidence): string {
  return `${level < 0.005 ? "none" : levelText(level)}, fails at ${levelText(failsAt)}`;
}

/** More digits the nearer to 100 %, which is never reached; cut, so that nothing seems surer than it is. */
function levelText(level: number): string {
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(1 - level)) - 2));
  const scale = 10 ** digits;
  return `${(Math.floor(Math.min(level, 1 - 1e-9) * 100 * scale + 1e-7) / scale).toFixed(digits)} %`;
}
