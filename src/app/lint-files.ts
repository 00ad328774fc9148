import { namesOf } from "../api/names.ts";
import type { PreflightReport } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import type { SpecProblem } from "../api/validate.ts";
import type { DestinationRule, Service, VirtualService } from "../kube/kind/network.ts";
import type { Deployment } from "../kube/kind/workload.ts";
import type { KubeObject } from "../kube/object.ts";
import { featureProblem } from "../router/istio/own-features.ts";
import { selectRoutes } from "../router/istio/own-selection.ts";
import { subsetProblem } from "../router/istio/subset-problem.ts";
import type { RouteContext } from "../router/router.ts";
import { inspectorOf } from "./inspect-objects.ts";
import { render } from "./render.ts";

export interface LintedFiles extends PreflightReport {
  /** What the controller would refuse, or stand still for. */
  readonly problems: readonly SpecProblem[];
}

/**
 * What is to be said of a Rollout whose spec is fine, from the objects that stand beside it in files: names, routes,
 * destinations and subsets are held against each other and against what Sluice would make. Every object has a namespace.
 */
export async function lintFiles(
  rollout: Rollout,
  objects: readonly KubeObject[],
  rootNamespace: string,
): Promise<LintedFiles> {
  const { namespace = "default" } = rollout.metadata;
  const names = namesOf(rollout);
  const find = <T extends KubeObject>(kind: string, name: string) =>
    objects.find(
      (it) => it.kind === kind && it.metadata.name === name && it.metadata.namespace === namespace,
    ) as T | undefined;
  const target = find<Deployment>("Deployment", names.target);
  if (target === undefined) {
    const unseen = `pods and what routes lead to them, since Deployment ${namespace}/${names.target} is not in these files`;
    return { problems: [], findings: [], unseen: [unseen] };
  }
  const apex = find<Service>("Service", names.apexService);
  const rendering = await render({ rollout, target, apex });
  if (!rendering.ok) return { problems: [rendering.problem], findings: [], unseen: [] };
  const made = rendering.objects.filter(({ kind }) => kind !== "Deployment");
  const taken = made.filter(
    ({ kind, metadata }) => kind !== "Service" && find(kind, metadata.name) !== undefined,
  );
  const around = [...objects, ...made.filter((it) => find(it.kind, it.metadata.name) === undefined)];
  const inspector = inspectorOf({
    objects: around,
    rootNamespace,
    sees: (at) => at === namespace,
    source: "files",
  });
  const own = ownProblems(rendering.context, apex, find);
  const report = inspector.report(rollout, rollout.spec.preflight.ignore);
  return {
    problems: [...taken.map(takenProblem), ...own.problems],
    findings: report.findings,
    unseen: [...report.unseen, ...own.unseen],
  };
}

function takenProblem({ kind, metadata: { namespace, name } }: KubeObject): SpecProblem {
  const keep =
    kind === "VirtualService" ? "name it in virtualServices to keep it, or rename it" : "rename it";
  return {
    field: "spec.traffic.istio",
    message: `${kind} ${namespace}/${name} is in these files, and Sluice would make one of that name: ${keep}`,
  };
}

type Find = <T extends KubeObject>(kind: string, name: string) => T | undefined;

/** What is wrong with the user's VirtualServices and DestinationRule that the spec names, as far as they are here. */
function ownProblems(
  context: RouteContext,
  apex: Service | undefined,
  find: Find,
): { readonly problems: readonly SpecProblem[]; readonly unseen: readonly string[] } {
  const { virtualServices: entries = [], destinationRule } = context.spec.traffic.istio;
  const problems: SpecProblem[] = [];
  const unseen: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const virtualService = find<VirtualService>("VirtualService", entry.name);
    if (virtualService === undefined) {
      unseen.push(`VirtualService ${entry.name}, which is not in these files`);
      continue;
    }
    const { problem, routes } = selectRoutes(virtualService, entry, context);
    const message = problem ?? featureProblem(routes, context.spec);
    if (message !== null) problems.push({ field: `spec.traffic.istio.virtualServices[${index}]`, message });
  }
  if (destinationRule === undefined) return { problems, unseen };
  const rule = find<DestinationRule>("DestinationRule", destinationRule.name);
  const message = subsetProblem(context, rule, apex);
  if (rule === undefined || apex === undefined)
    unseen.push(`DestinationRule ${destinationRule.name} and its Service, which are not both in these files`);
  else if (message !== null) problems.push({ field: "spec.traffic.istio.destinationRule", message });
  return { problems, unseen };
}
