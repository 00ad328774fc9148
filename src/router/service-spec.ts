import { namesOf, targetSelectorOf } from "../api/names.ts";
import { ownershipLabels } from "../api/ownership.ts";
import type { Service, ServicePort } from "../kube/kind/network.ts";
import { GITOPS_GUARDS } from "./guards.ts";
import type { RouteContext, ServiceState } from "./router.ts";

/** Label of pods that names their revision. */
export const POD_TEMPLATE_HASH = "pod-template-hash";

type Selector = Readonly<Record<string, string>>;

/** The members of the spec that are ours in the primary and the canary Service. */
export const OWNED_SPEC: readonly string[] = ["type", "selector", "ports"];

/** `apex`: the ports of an apex Service that was there before us. */
export function buildSpec(
  context: RouteContext,
  selector: Selector,
  apex: readonly ServicePort[] = [],
): Service["spec"] {
  return { type: "ClusterIP", selector, ports: buildPorts(context, apex) };
}

/**
 * The port of the spec, and beside it all others of the apex Service: what clients could ask of that, both sides can
 * be asked. Where the spec leaves the container port open, the apex Service knows it.
 */
export function buildPorts(context: RouteContext, apex: readonly ServicePort[]): readonly ServicePort[] {
  const { port, portName, targetPort, appProtocol } = context.spec.service;
  const same = apex.find((it) => it.port === port);
  const others = apex.filter((it) => it.port !== port);
  const protocol = appProtocol ?? same?.appProtocol;
  const isTaken = others.some((it) => it.name === portName);
  const served = [
    {
      // The beginning stays: Istio reads the protocol from it.
      name: isTaken ? `${portName.slice(0, 9)}-${port}` : portName,
      port,
      targetPort: targetPort ?? same?.targetPort ?? port,
      protocol: "TCP",
      ...(protocol === undefined ? {} : { appProtocol: protocol }),
    },
    ...others.map(({ nodePort: _allocated, ...it }) => ({ ...it, name: it.name ?? `port-${it.port}` })),
  ];
  return context.spec.service.portDiscovery ? [...served, ...discovered(context, served)] : served;
}

/** Container ports that no port leads to yet, each under its own number. */
function discovered(context: RouteContext, served: readonly ServicePort[]): readonly ServicePort[] {
  const targets = new Set(served.map((it) => it.targetPort ?? it.port));
  const numbers = new Set(served.map((it) => it.port));
  const names = new Set(served.map((it) => it.name));
  return context.pods.ports
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .filter(({ name, containerPort }) => !targets.has(containerPort) && !targets.has(name ?? ""))
    .filter(({ containerPort }) => !numbers.has(containerPort))
    .map(({ name, containerPort }) => ({
      name: name === undefined || names.has(name) ? `port-${containerPort}` : name,
      port: containerPort,
      targetPort: containerPort,
      protocol: "TCP",
    }));
}

/** Without an owner reference: clients go on calling the apex Service when the Rollout is gone. */
export function buildApex(context: RouteContext, side: "primary" | "target"): Service {
  const { rollout } = context;
  const { namespace } = rollout.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: namesOf(rollout).apexService,
      ...(namespace === undefined ? {} : { namespace }),
      labels: ownershipLabels(rollout),
      annotations: GITOPS_GUARDS,
    },
    spec: buildSpec(context, context.selectors[side]),
  };
}

export function pinOf(service: Service): string | null {
  return service.spec.selector?.[POD_TEMPLATE_HASH] ?? null;
}

export function withoutPin(selector: Selector): Selector {
  const { [POD_TEMPLATE_HASH]: _pin, ...rest } = selector;
  return rest;
}

/**
 * What the target's pods are selected by. When neither side is there to tell, the Service does: it selects the primary, the
 * target or one revision of it.
 */
export function targetSelector(context: RouteContext, service: Service): Selector {
  const known = context.selectors.target;
  return isEmpty(known) ? targetSelectorOf(withoutPin(service.spec.selector ?? {})) : known;
}

/**
 * Whose pods a Service selects. The label in the primary's selector tells the sides apart; a selector that does not
 * mention it may select both, and counts as "other".
 */
export function sideOf(service: Service, selectors: RouteContext["selectors"]): ServiceState["selects"] {
  const selector = service.spec.selector ?? {};
  if (isEmpty(selector)) return "nothing";
  if (isNamed(selector, selectors.primary, Object.keys(selectors.primary))) return "primary";
  if (isNamed(selector, selectors.target, Object.keys(selectors.primary))) return "target";
  return "other";
}

export function isEmpty(selector: Selector): boolean {
  return Object.keys(selector).length === 0;
}

function isNamed(selector: Selector, side: Selector, keys: readonly string[]): boolean {
  return keys.length > 0 && keys.every((key) => side[key] !== undefined && selector[key] === side[key]);
}
