import { z } from "zod";
import { name } from "./fields.ts";

/** Kinds that may be written as a key: `{ deployment: checkout }` is `{ kind: Deployment, name: checkout }`. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  rollout: "Rollout",
  deployment: "Deployment",
  replicaSet: "ReplicaSet",
  daemonSet: "DaemonSet",
  service: "Service",
  pod: "Pod",
  configMap: "ConfigMap",
  secret: "Secret",
  virtualService: "VirtualService",
  destinationRule: "DestinationRule",
};

/** apiVersions of the kinds that are named by kind alone; core/v1 is "v1". */
export const KNOWN_API_VERSIONS: Readonly<Record<string, string>> = {
  Rollout: "sluice.dev/v1alpha1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  DaemonSet: "apps/v1",
  Service: "v1",
  Pod: "v1",
  ConfigMap: "v1",
  Secret: "v1",
  Namespace: "v1",
  VirtualService: "networking.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  EndpointSlice: "discovery.k8s.io/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
};

/** One object of the cluster. Without a namespace: the Rollout's. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The members of an action that name its object. */
export const refMembers = {
  apiVersion: name("Of kinds that are not well known.").optional(),
  kind: name("Deployment, Service, Rollout, VirtualService, ...").optional(),
  name: name("The object's name.").optional(),
  namespace: name("Default: the Rollout's namespace.").optional(),
};

type RefMembers = { readonly [K in keyof typeof refMembers]?: string | undefined };

/** `deployment/checkout` and `{ deployment: checkout }` as `{ kind, name }`; everything else as it is. */
export function expandRef(value: unknown): unknown {
  if (typeof value === "string") {
    const [kind, objectName, ...rest] = value.split("/");
    if (objectName === undefined || rest.length > 0) return value;
    return { kind: kindNamed(kind ?? ""), name: objectName };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const expanded: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const kind = typeof member === "string" ? SHORTHANDS[key] : undefined;
    if (kind === undefined)
      expanded[key] = key === "kind" && typeof member === "string" ? kindNamed(member) : member;
    else Object.assign(expanded, { kind, name: member });
  }
  return expanded;
}

/** Kinds in any case, and in the plural, as kubectl takes them. */
function kindNamed(text: string): string {
  const wanted = text.toLowerCase();
  const known = Object.keys(KNOWN_API_VERSIONS).find((kind) =>
    [kind, `${kind}s`].some((form) => form.toLowerCase() === wanted),
  );
  return known ?? text;
}

/** null when it names no object; an issue when it names one only in part, or of a kind that nobody knows. */
export function toRef(members: RefMembers, context: z.RefinementCtx): ObjectRef | null {
  const { kind, name: objectName, namespace } = members;
  if (kind === undefined && objectName === undefined) return null;
  if (kind === undefined || objectName === undefined) {
    context.addIssue({
      code: "custom",
      message: "want both kind and name, for example { kind: Service, name: checkout }",
    });
    return null;
  }
  const apiVersion = members.apiVersion ?? KNOWN_API_VERSIONS[kind];
  if (apiVersion !== undefined) return { apiVersion, kind, name: objectName, namespace };
  const known = Object.keys(KNOWN_API_VERSIONS).join(", ");
  context.addIssue({
    code: "custom",
    path: ["kind"],
    message: `kind ${kind} is not known; want one of ${known}, or apiVersion beside it`,
  });
  return null;
}

/** For actions that cannot do without an object. */
export function requiredRef(members: RefMembers, context: z.RefinementCtx): ObjectRef {
  const before = context.issues.length;
  const ref = toRef(members, context);
  if (ref !== null) return ref;
  if (context.issues.length === before) {
    context.addIssue({ code: "custom", message: "want the object: { kind: Deployment, name: checkout }" });
  }
  return z.NEVER;
}
