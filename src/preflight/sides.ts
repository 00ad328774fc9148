import type { Container, PodTemplate } from "../kube/kind/workload.ts";
import type { KubeObject } from "../kube/object.ts";
import { PROXY } from "./dataplane.ts";
import type { PolicyTarget, Said } from "./destination-policy.ts";
import { serviceHost } from "./hosts.ts";
import type { Labels, PreflightView, SideView } from "./view.ts";

export type SideName = "canary" | "primary";

/** Where requests for a side are sent. */
export function targetOf({ spec, names, namespace }: PreflightView, side: SideName): PolicyTarget {
  const { destinationRule } = spec.traffic.istio;
  if (destinationRule !== undefined) {
    const subset = side === "canary" ? destinationRule.canarySubset : destinationRule.primarySubset;
    return { host: serviceHost(names.apexService, namespace), subset };
  }
  const service = side === "canary" ? names.canaryService : names.primaryService;
  return { host: serviceHost(service, namespace), subset: undefined };
}

/** Labels of a side's pods. */
export function labelsOf({ pods, template }: SideView): Labels {
  return pods[0]?.metadata.labels ?? template?.metadata?.labels ?? {};
}

/** The container's port that requests arrive at; null: nobody says which. */
export function containerPort({
  spec,
  names,
  namespace,
  service,
  canary,
  primary,
}: PreflightView): number | null {
  const port = service(names.apexService, namespace)?.spec.ports?.find((it) => it.port === spec.service.port);
  const wanted = spec.service.targetPort ?? port?.targetPort ?? spec.service.port;
  if (typeof wanted === "number") return wanted;
  const template = canary.template ?? primary.template;
  const named = template?.spec.containers
    .flatMap(({ ports }) => ports ?? [])
    .find(({ name }) => name === wanted);
  return named?.containerPort ?? null;
}

/** The container that listens on the port, or else the first one that is not a proxy. */
export function servingContainer(
  { spec }: PodTemplate,
  port: number | null,
): { readonly container: Container; readonly index: number } | null {
  const all = spec.containers.map((container, index) => ({ container, index }));
  const own = all.filter(({ container }) => container.name !== PROXY);
  const listening = own.find(({ container }) => container.ports?.some((it) => it.containerPort === port));
  return listening ?? own[0] ?? null;
}

/** Where a DestinationRule's policy can be mended: one that Sluice makes has what the Rollout says. */
export function policyPlace(
  { spec, names, namespace, rollout }: PreflightView,
  { rule, field }: Said<unknown>,
) {
  const made = [names.primaryDestinationRule, names.canaryDestinationRule];
  const isMade = rule.metadata.namespace === namespace && made.includes(rule.metadata.name);
  if (!isMade || spec.traffic.istio.destinationRule !== undefined)
    return { object: place(rule, namespace), field };
  return {
    object: { kind: "Rollout", namespace, name: rollout },
    field: field.replace("spec.", "spec.traffic.istio."),
  };
}

/** For findings. */
export function place({ kind, metadata }: KubeObject, namespace: string) {
  return { kind, namespace: metadata.namespace ?? namespace, name: metadata.name };
}
