import type { Rollout } from "../api/rollout.ts";
import { readSpec, type SpecProblem } from "../api/validate.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { primarySeen } from "../app/primary-seen.ts";
import type { Clock } from "../lib/clock.ts";
import { findingRemark, type Linted, problemRemark, type Remark } from "./lint-remark.ts";

export interface LiveOptions {
  readonly prometheus: string | undefined;
  readonly rootNamespace: string;
  readonly clock: Clock;
}

/** What is to be said of the Rollouts of a cluster. */
export async function lintLive(
  session: ClusterSession,
  rollouts: readonly Rollout[],
  { prometheus, rootNamespace, clock }: LiveOptions,
): Promise<Linted> {
  const namespaces = [...new Set(rollouts.map(({ metadata }) => metadata.namespace ?? "default"))];
  const remarks: Remark[] = [];
  if (rollouts.length === 0) return { rollouts: 0, remarks, unseen: [] };
  const { inspector, absences } = await session.inspector(namespaces, rootNamespace);
  const unseen = [...absences];
  for (const stored of rollouts) {
    const where = `${stored.metadata.namespace}/${stored.metadata.name}`;
    const reading = readSpec(stored.spec);
    const problems = reading.ok ? refusals(stored) : reading.problems;
    remarks.push(...problems.map((problem) => problemRemark(where, problem)));
    if (!reading.ok) continue;
    const rollout = { ...stored, spec: reading.spec };
    const { ignore } = reading.spec.preflight;
    const report = inspector.report(rollout, ignore);
    const isAsked = prometheus !== undefined && !ignore.includes("metrics");
    const seen = isAsked ? await primarySeen(rollout, prometheus, clock) : [];
    const findings = typeof seen === "string" ? report.findings : [...report.findings, ...seen];
    remarks.push(...findings.map((finding) => findingRemark(where, finding)));
    unseen.push(...report.unseen, ...(typeof seen === "string" ? [`${where}: ${seen}`] : []));
  }
  return { rollouts: rollouts.length, remarks, unseen };
}

/** What only the controller can know: a target that is missing, or that another Rollout has. */
function refusals({ status }: Rollout): readonly SpecProblem[] {
  const refused = status?.conditions?.find(
    ({ type, status: state }) => type === "Accepted" && state === "False",
  );
  return refused === undefined ? [] : [{ field: "Accepted", message: refused.message }];
}
