import type { Finding } from "../api/preflight.ts";
import { readSpec, type SpecProblem } from "../api/validate.ts";

/** One line about one object. */
export interface Remark {
  /** `rollout.yaml:12`, or `shop/checkout` in a cluster. */
  readonly where: string;
  readonly severity: Finding["severity"];
  readonly text: string;
}

export interface Linted {
  readonly rollouts: number;
  readonly remarks: readonly Remark[];
  /** What could not be looked at. */
  readonly unseen: readonly string[];
}

export function specProblems(spec: unknown): readonly SpecProblem[] {
  const reading = readSpec(spec);
  return reading.ok ? [] : reading.problems;
}

export function problemRemark(where: string, { field, message }: SpecProblem): Remark {
  return { where, severity: "blocks", text: `${field}: ${message}` };
}

/** With the name by which spec.preflight.ignore knows it. */
export function findingRemark(
  where: string,
  { severity, field, object, what, why, fix, check }: Finding,
): Remark {
  const { kind, namespace, name } = object;
  return {
    where,
    severity,
    text: `${field}: ${kind} ${namespace}/${name} ${what}: ${why}. ${fix}. [${check}]`,
  };
}
