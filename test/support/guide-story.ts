import { rehearse } from "../../src/app/rehearsal.ts";
import type { AnyObject, KubeObject } from "../../src/kube/object.ts";
import type { Transport } from "../../src/kube/transport.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import type { ScenarioResult } from "../../src/sim/scenario/runner.ts";
import type { GuideYaml } from "./guide-yaml.ts";

/** What a guide shows under one heading, applied in the embedded cluster, and what must come of it. */
export interface GuideStory {
  /** As in a scenario. */
  readonly traffic: object | readonly object[];
  /** What the guide's Rollout leaves out here. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Objects that the text presumes. */
  readonly beside?: readonly AnyObject[];
  /** After v2 was shipped, at 25s. */
  readonly timeline?: readonly object[];
  /** Besides that every request is served, as in a scenario. */
  readonly expect?: object;
}

export interface Played {
  readonly result: ScenarioResult;
  /** All that the controller has written, in order. */
  readonly versions: readonly KubeObject[];
  /** What the API server remarked on it. */
  readonly warnings: readonly string[];
  /** Those of one object. */
  written<T extends KubeObject>(kind: T["kind"], name: string): readonly T[];
}

const NAMESPACE = "shop";
const METADATA = { name: "checkout", namespace: NAMESPACE };

/** Ships v2 as the guide says. Minutes and hours of the guide pass as seconds. */
export async function playGuide(objects: readonly AnyObject[], story: GuideStory): Promise<Played> {
  const scenario = {
    name: "guide",
    manifests: objects,
    traffic: story.traffic,
    images: { "shop/checkout:v1": {}, "shop/checkout:v2": {} },
    timeline: [{ at: "25s", setImage: "shop/checkout:v2" }, ...(story.timeline ?? [])],
    expect: {
      within: "5m",
      requestsToUnready: 0,
      requestsUnserved: 0,
      userErrorRateBelow: 0,
      ...(story.expect ?? { phase: "Succeeded", promotedImage: "shop/checkout:v2" }),
    },
  };
  const loaded = await loadScenario("guide", async () => JSON.stringify(scenario));
  const versions: KubeObject[] = [];
  const warnings: string[] = [];
  const result = await rehearse({
    loaded,
    flags: { drain: "5s" },
    network: (server) => recording(server, versions, warnings),
  });
  return {
    result,
    versions,
    warnings,
    written: <T extends KubeObject>(kind: string, name: string) =>
      versions.filter((it) => it.kind === kind && it.metadata.name === name) as T[],
  };
}

function recording(server: Transport, versions: KubeObject[], warnings: string[]): Transport {
  return {
    send: async (request) => {
      const response = await server.send(request);
      if (request.method !== "GET") warnings.push(...response.warnings);
      if (request.method !== "GET" && response.status < 300 && response.body.kind === "json")
        versions.push(response.body.value as KubeObject);
      return response;
    },
  };
}

/** All that is applied: what the guide shows, and what every Rollout needs. */
export function objectsOf(shown: readonly GuideYaml[], story: GuideStory): readonly AnyObject[] {
  const parts = shown.filter(({ value }) => value["kind"] === undefined);
  const whole = shown.flatMap(({ value }) =>
    value["kind"] === undefined ? [] : [inNamespace(value as AnyObject)],
  );
  const beside = [...whole, ...(story.beside ?? [])];
  const service = beside.find(({ kind }) => kind === "Service") as ServiceLike | undefined;
  const selector = service?.spec.selector ?? { app: "checkout" };
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: NAMESPACE, labels: { "istio-injection": "enabled" } },
    },
    deployment({ app: "checkout", ...selector }),
    ...(service === undefined ? [apexService()] : []),
    ...beside,
    rollout(Object.assign({}, ...parts.map(({ value }) => value["spec"])) as Spec, story.spec ?? {}),
  ] as AnyObject[];
}

type Spec = Readonly<Record<string, unknown>>;
type ServiceLike = AnyObject & { readonly spec: { readonly selector: Readonly<Record<string, string>> } };

export function inNamespace(object: AnyObject): AnyObject {
  return { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
}

const WAYS = ["steps", "ramp", "ab", "blueGreen"];

function rollout(shown: Spec, more: Spec): unknown {
  const hasWay = WAYS.some((way) => way in shown);
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Rollout",
    metadata: METADATA,
    spec: {
      targetRef: { name: "checkout" },
      service: { port: 80, targetPort: "http" },
      traffic: { istio: {} },
      ...(hasWay ? {} : { steps: [{ weight: 50, hold: "10s" }] }),
      analysis: {
        interval: "5s",
        warmup: "5s",
        minRequests: 20,
        metrics: [{ name: "success-rate", min: 90 }],
      },
      ...(shortened(shown) as Spec),
      ...more,
    },
  };
}

function shortened(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, it) => (key === "hold" || key === "duration" ? "10s" : it)));
}

function deployment(labels: Readonly<Record<string, string>>): unknown {
  const container = {
    name: "main",
    image: "shop/checkout:v1",
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: "http" } },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: METADATA,
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "checkout" } },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

function apexService(): unknown {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: METADATA,
    spec: { selector: { app: "checkout" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  };
}
