import type { Finding } from "../../api/preflight.ts";
import type { Destination, VirtualService } from "../../kube/kind/network.ts";
import { rulesFor, subsetOf } from "../destination-policy.ts";
import { fullHost, serviceOf } from "../hosts.ts";
import { destinationsOf, isOfSide, type RouteView, routesOf } from "../routes.ts";
import { place } from "../sides.ts";
import type { Labels, PreflightView } from "../view.ts";

/** What routes name must exist, and rules must be about something. */
export function destinations(view: PreflightView): readonly Finding[] {
  const ofRoutes = view.virtualServices.ours.flatMap((object) =>
    routesOf(object, view).flatMap((route) =>
      destinationsOf(route).flatMap((it) => ofDestination(view, object, route, it)),
    ),
  );
  return [...ofRoutes, ...rulesWithoutService(view)];
}

interface Place {
  readonly destination: Destination;
  readonly field: string;
}

function ofDestination(
  view: PreflightView,
  object: VirtualService,
  route: RouteView,
  { destination, field }: Place,
): readonly Finding[] {
  const { namespace = view.namespace } = object.metadata;
  const host = fullHost(destination.host, namespace);
  const service = serviceOf(host);
  if (service === null || !view.sees(service.namespace)) return [];
  const about = {
    check: "destinations",
    // In files there may be less than there is in the cluster.
    severity: route.isSplit && view.source === "cluster" ? "blocks" : "warns",
    object: place(object, namespace),
  } as const;
  const where = view.source === "files" ? " in these files" : "";
  if (view.service(service.name, service.namespace) === undefined)
    return [
      {
        ...about,
        field: `${field}.host`,
        what: `sends to ${destination.host} (${route.title}), and there is no Service ${service.namespace}/${service.name}${where}`,
        why: "requests that take this route end in 503",
        fix: "Put the host right, or make the Service",
      },
    ];
  const { subset } = destination;
  if (subset === undefined || isOfSide(destination, namespace, view)) return [];
  const found = subsetOf(view, { host, subset });
  if (found === null)
    return [
      {
        ...about,
        field: `${field}.subset`,
        what: `sends to subset ${subset} of ${destination.host} (${route.title}), which ${undefinedText(view, host)}${where}`,
        why: "requests that take this route end in 503",
        fix: "Put the subset right, or define it in the DestinationRule of that host",
      },
    ];
  const labels = found.subset.labels ?? {};
  if (view.podLabels(service.namespace).some((pod) => hasAll(pod, labels))) return [];
  return [
    {
      ...about,
      severity: "warns",
      object: place(found.rule, namespace),
      field: `spec.subsets[${found.index}].labels`,
      what: `defines subset ${subset} by ${labelText(labels)}, and no pod${where} has that, although ${route.title} of VirtualService ${object.metadata.name} sends to it`,
      why: "requests that take this route end in 503 while it is so",
      fix: "Put the labels right",
    },
  ];
}

function undefinedText(view: PreflightView, host: string): string {
  const names = rulesFor(view, host).flatMap((rule) => rule.spec.subsets?.map(({ name }) => name) ?? []);
  return names.length === 0
    ? "no DestinationRule of that host defines"
    : `is none of those that are defined (${names.join(", ")})`;
}

/** A rule that has the name of one of the Rollout's Services, or is in the same files, and is about none at all. */
function rulesWithoutService(view: PreflightView): readonly Finding[] {
  const { names, namespace, source } = view;
  const related = new Set([names.target, names.apexService, names.primaryService, names.canaryService]);
  return view.destinationRules.flatMap((rule) => {
    if (rule.metadata.namespace !== namespace) return [];
    if (source === "cluster" && !related.has(rule.metadata.name)) return [];
    const service = serviceOf(fullHost(rule.spec.host ?? "", namespace));
    if (service === null || !view.sees(service.namespace)) return [];
    if (view.service(service.name, service.namespace) !== undefined) return [];
    return [
      {
        check: "destinations",
        severity: "warns",
        object: place(rule, namespace),
        field: "spec.host",
        what: `is about host ${rule.spec.host}, and there is no Service ${service.namespace}/${service.name}${source === "files" ? " in these files" : ""}`,
        why: "its policy and its subsets hold for nobody",
        fix: "Put the host right, or delete the rule",
      } as const,
    ];
  });
}

function hasAll(pod: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => pod[key] === value);
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}
