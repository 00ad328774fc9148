import { namesOf } from "../../api/names.ts";
import type { DestinationRule, Service } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";
import { isHost } from "./arms.ts";
import type { Labels } from "./subset-memory.ts";

/** Why subsets cannot tell the two sides apart, and what a person has to do; null when they can. */
export function subsetProblem(
  context: RouteContext,
  rule: DestinationRule | undefined,
  service: Service | undefined,
): string | null {
  const { destinationRule } = context.spec.traffic.istio;
  if (destinationRule === undefined) return null;
  const { namespace = "default" } = context.rollout.metadata;
  const { apexService } = namesOf(context.rollout);
  const title = `DestinationRule ${namespace}/${destinationRule.name}`;
  if (rule === undefined)
    return `${title} does not exist: make it, with the subsets ${destinationRule.primarySubset} and ${destinationRule.canarySubset} of host ${apexService}`;
  const { host = "", subsets = [] } = rule.spec;
  if (!isHost(host, apexService, namespace))
    return `${title} is about host ${host}; with subsets it must be about Service ${apexService}, which spec.service.name (or the target) names`;
  const names = subsets.map(({ name }) => name);
  const missing = [destinationRule.primarySubset, destinationRule.canarySubset].find(
    (it) => !names.includes(it),
  );
  if (missing !== undefined)
    return `${title} has no subset ${missing} (it has: ${names.join(", ") || "none"}); add it, its labels are set by Sluice`;
  if (service === undefined)
    return `Service ${namespace}/${apexService}, the host of ${title}, does not exist`;
  return selectorProblem(context, service);
}

/** One Service has the pods of both sides, and the subsets tell them apart. */
function selectorProblem(
  { selectors, pods, rollout }: RouteContext,
  { metadata, spec }: Service,
): string | null {
  if (pods.labels === null) return null;
  const title = `Service ${rollout.metadata.namespace ?? "default"}/${metadata.name}`;
  const selector = Object.entries(spec.selector ?? {});
  if (selector.length === 0)
    return `${title} has no selector; with subsets it must select the pods of both sides`;
  const ofTarget = { ...pods.labels, ...selectors.target };
  const sides: readonly (readonly [string, Labels])[] = [
    ["target", ofTarget],
    ["primary", { ...ofTarget, ...selectors.primary }],
  ];
  for (const [side, labels] of sides) {
    const term = selector.find(([key, value]) => labels[key] !== value);
    if (term === undefined) continue;
    const [key, value] = term;
    const has = labels[key] === undefined ? `no label ${key}` : `${key}=${labels[key]}`;
    return `${title} selects ${key}=${value}, and the ${side}'s pods have ${has}: with subsets one Service must select both sides. Give the pod template a label of its own, such as service: ${metadata.name}, and let the Service select that`;
  }
  return null;
}
