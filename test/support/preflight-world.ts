import type { Finding, PreflightCheck } from "../../src/api/preflight.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { inspectorOf } from "../../src/app/inspect-objects.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { aSpec } from "./core-world.ts";

type Labels = Readonly<Record<string, string>>;

const NAMESPACE = "shop";

/** Objects around a Rollout "checkout" of namespace shop whose run is starting; all is well with them. */
export class PreflightWorld {
  spec: Record<string, unknown> = {};
  readonly objects = new Map<string, KubeObject>();
  source: "cluster" | "files" = "cluster";
  ignore: readonly PreflightCheck[] = [];
  absences: Record<string, string> = {};

  constructor() {
    this.put(
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: NAMESPACE, labels: { "istio-injection": "enabled" } },
      },
      this.deployment("checkout", { app: "checkout" }),
      this.deployment("checkout-primary", { app: "checkout-primary" }),
      ...["checkout", "checkout-primary", "checkout-canary"].map((name) => this.service(name)),
      this.virtualService("checkout", { hosts: ["checkout"], http: [split()] }, "2026-01-05T09:00:00Z"),
      this.rule("checkout-primary", { host: "checkout-primary" }),
      this.rule("checkout-canary", { host: "checkout-canary" }),
      ...pods("checkout", "v2", 3, true),
      ...pods("checkout-primary", "p1", 3, true),
    );
  }

  put(...objects: readonly KubeObject[]): this {
    for (const object of objects) this.objects.set(keyOf(object), object);
    return this;
  }

  remove(kind: string, ...names: readonly string[]): this {
    for (const key of [...this.objects.keys()])
      if (
        names.length === 0
          ? key.startsWith(`${kind}/`)
          : names.some((name) => key === `${kind}/${NAMESPACE}/${name}`)
      )
        this.objects.delete(key);
    return this;
  }

  /** Pods of one side, with or without a proxy, in place of those that it has. */
  pods(side: "checkout" | "checkout-primary", meshed: readonly boolean[]): this {
    const hash = side === "checkout" ? "v2" : "p1";
    for (const key of [...this.objects.keys()])
      if (key.startsWith(`Pod/${NAMESPACE}/${side}-${hash}-`)) this.objects.delete(key);
    return this.put(...meshed.map((isMeshed, index) => pod(side, hash, index, isMeshed)));
  }

  deployment(name: string, labels: Labels, podSpec: object = {}): KubeObject {
    const container = {
      name: "app",
      image: "shop/checkout:v2",
      ports: [{ name: "http", containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/healthz", port: "http" } },
    };
    const template = { metadata: { labels }, spec: { containers: [container], ...podSpec } };
    const spec = { replicas: 3, selector: { matchLabels: { app: name } }, template };
    return object("apps/v1", "Deployment", name, { spec, uid: `uid-${name}` });
  }

  service(name: string, port: object = { name: "http", port: 80, targetPort: "http" }): KubeObject {
    return object("v1", "Service", name, { spec: { selector: { app: name }, ports: [port] } });
  }

  virtualService(name: string, spec: object, at?: string, namespace = NAMESPACE): KubeObject {
    return object("networking.istio.io/v1", "VirtualService", name, { spec, at, namespace });
  }

  rule(name: string, spec: object): KubeObject {
    return object("networking.istio.io/v1", "DestinationRule", name, { spec });
  }

  peers(spec: object, namespace = NAMESPACE, name = "default"): KubeObject {
    return object("security.istio.io/v1", "PeerAuthentication", name, { spec, namespace });
  }

  rollout(): Rollout {
    const run = { revision: "v2", canaryReplicas: 3, stage: "Starting" };
    const base = object("sluice.dev/v1alpha1", "Rollout", "checkout", { spec: aSpec(this.spec) });
    return { ...base, status: { phase: "Progressing", canaryWeight: 0, run } } as unknown as Rollout;
  }

  report() {
    const { source, absences } = this;
    const sees = (namespace: string) => source === "cluster" || namespace === NAMESPACE;
    const objects = [...this.objects.values()];
    const inspector = inspectorOf({ objects, absences, rootNamespace: "istio-system", sees, source });
    return inspector.report(this.rollout(), this.ignore);
  }

  findings(): readonly Finding[] {
    return this.report().findings;
  }

  /** `blocks sidecar Deployment/checkout` */
  found(): readonly string[] {
    return this.findings().map(
      ({ severity, check, object: at }) => `${severity} ${check} ${at.kind}/${at.name}`,
    );
  }
}

/** The weighted route, with more settings. */
export function split(more: object = {}): object {
  const to = (host: string, weight: number) => ({ destination: { host }, weight });
  return { ...more, route: [to("checkout-primary", 100), to("checkout-canary", 0)] };
}

function pods(deployment: string, hash: string, count: number, isMeshed: boolean): readonly KubeObject[] {
  const set = `${deployment}-${hash}`;
  const ownedBy = { kind: "Deployment", name: deployment, uid: `uid-${deployment}`, apiVersion: "apps/v1" };
  return [
    object("apps/v1", "ReplicaSet", set, {
      uid: `uid-${set}`,
      owner: ownedBy,
      labels: { "pod-template-hash": hash },
      spec: {},
    }),
    ...Array.from({ length: count }, (_, index) => pod(deployment, hash, index, isMeshed)),
  ];
}

function pod(deployment: string, hash: string, index: number, isMeshed: boolean): KubeObject {
  const set = `${deployment}-${hash}`;
  const app = { name: "app" };
  // Every second one has its proxy as a native sidecar.
  const containers = isMeshed && index % 2 === 0 ? [app, { name: "istio-proxy" }] : [app];
  const initContainers =
    isMeshed && index % 2 === 1 ? [{ name: "istio-proxy", restartPolicy: "Always" }] : [];
  return object("v1", "Pod", `${set}-${index}`, {
    owner: { kind: "ReplicaSet", name: set, uid: `uid-${set}`, apiVersion: "apps/v1" },
    labels: { app: deployment, "pod-template-hash": hash },
    spec: { containers, initContainers },
  });
}

interface Members {
  readonly spec: object;
  readonly uid?: string;
  readonly namespace?: string;
  readonly at?: string | undefined;
  readonly labels?: Labels;
  readonly owner?: NonNullable<KubeObject["metadata"]["ownerReferences"]>[number];
}

function object(apiVersion: string, kind: string, name: string, members: Members): KubeObject {
  const { spec, uid = `uid-${kind}-${name}`, namespace = NAMESPACE, at, labels = {}, owner } = members;
  const metadata = {
    name,
    namespace,
    uid,
    labels,
    ...(at === undefined ? {} : { creationTimestamp: at }),
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
  };
  return { apiVersion, kind, metadata, spec } as KubeObject;
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}
