import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROLLOUT } from "../../api/resource.ts";
import type { AnyObject } from "../../kube/object.ts";
import { DEPLOYMENT, POD, SERVICE } from "../../kube/resources.ts";
import { sleep } from "../../lib/clock.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { VIRTUAL_SERVICES } from "../mesh/istio.ts";
import { evenLag } from "../mesh/lag.ts";
import { World } from "../world.ts";
import { ScenarioImages } from "./image-book.ts";
import { loadScenario } from "./load.ts";
import type { Transition } from "./observer.ts";
import { type ScenarioResult, ScenarioRunner } from "./runner.ts";

const deployment = (name: string, image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: "${image}", ports: [{ containerPort: 80 }] }] }
`;
const service = (name: string, app: string) => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ port: 80 }] }
`;
const virtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: checkout }
spec: { hosts: [checkout], http: [{ route: [{ destination: { host: checkout-primary } }] }] }
`;
const MANIFESTS = [
  deployment("checkout", "shop/checkout:v1"),
  deployment("checkout-primary", "shop/checkout:v1"),
  service("checkout", "checkout-primary"),
  service("checkout-primary", "checkout-primary"),
  service("checkout-canary", "checkout"),
  virtualService,
].join("---");
const ROLLOUT_TEXT = `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: shop }
spec:
  targetRef: { kind: Deployment, name: checkout }
  service: { port: 80 }
  traffic: { istio: {} }
  steps: [{ weight: 10 }]
`;
const CRDS = [parse(readFileSync("crds/sluice.dev_rollouts.yaml", "utf8")) as AnyObject];
const KEY = { namespace: "shop", name: "checkout" };

/** What a scripted controller does, at times counted from its start. */
type Script = readonly (readonly [atMs: number, step: (hands: Hands) => Promise<unknown>])[];

/** The writes of a controller, by hand. */
class Hands {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  status(status: Record<string, unknown>): Promise<unknown> {
    const patch = { type: "merge", body: { status: { canaryWeight: 0, ...status } } } as const;
    return this.#world.client.patch(ROLLOUT, KEY, patch, { subresource: "status" });
  }

  weight(canary: number): Promise<unknown> {
    const body = { spec: { http: [{ route: routeOf(canary) }] } };
    return this.#world.client.patch(VIRTUAL_SERVICES, KEY, { type: "merge", body });
  }
}

function routeOf(canary: number) {
  return [
    { destination: { host: "checkout-primary" }, weight: 100 - canary },
    { destination: { host: "checkout-canary" }, weight: canary },
  ];
}

interface Played {
  readonly result: ScenarioResult;
  readonly transitions: readonly Transition[];
  readonly world: World;
  readonly calls: readonly string[];
  /** Seconds of virtual time that the scenario took, from its time 0. */
  readonly seconds: number;
}

/** How a call of the controller's `start` goes, by its place among all calls; by default well. */
type Starts = Readonly<Record<number, () => Promise<void>>>;

async function play(
  text: string,
  script: Script = [],
  look?: (world: World) => Promise<void>,
  starts: Starts = {},
): Promise<Played> {
  const files: Readonly<Record<string, string>> = {
    "/scenario.yaml": `name: story\nrollout: rollout.yaml\n${text.startsWith("manifests:") ? "" : "manifests: [all.yaml]\n"}${text}`,
    "/rollout.yaml": ROLLOUT_TEXT,
    "/all.yaml": MANIFESTS,
    "/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\n",
  };
  const loaded = await loadScenario("/scenario.yaml", async (path) => files[path] ?? "");
  const clock = new VirtualClock();
  const images = new ScenarioImages(loaded.scenario.images);
  const world = new World({ clock, seed: 1, images, crds: CRDS, meshLag: loaded.scenario.meshDelay });
  const transitions: Transition[] = [];
  const calls: string[] = [];
  let startedAt = 0;
  const controller = {
    start: async () => {
      calls.push("start");
      await starts[calls.length - 1]?.();
      startedAt = clock.now();
      for (const [atMs, step] of calls.length > 1 ? [] : script) {
        clock.setTimer(atMs, () => void step(new Hands(world)));
      }
    },
    kill: () => void calls.push("kill"),
  };
  const runner = new ScenarioRunner({
    loaded,
    world,
    images,
    controller,
    onTransition: (it) => transitions.push(it),
  });
  const done = { result: null as ScenarioResult | null, error: null as unknown };
  const running = world
    .start()
    .then(() => runner.run())
    .then(async (result) => {
      await look?.(world);
      done.result = result;
    })
    .catch((error: unknown) => {
      done.error = error;
    });
  await clock.advanceUntil(() => done.result !== null || done.error !== null, 3_600_000);
  await running;
  if (done.result === null) throw done.error;
  const seconds = (clock.now() - startedAt) / 1_000;
  const stopped = world.stop();
  await clock.advance(5_000);
  await stopped;
  return { result: done.result, transitions, world, calls, seconds };
}

const RUN = { id: "1", stage: "Step", stepIndex: 0 };
const FAILED = { reason: "MetricFailed", message: "latency: too slow", result: "Failed" };

/** A release that gets 10 % and is rolled back at 40 s. */
const ROLLED_BACK: Script = [
  [1_000, (it) => it.weight(0)],
  [2_000, (it) => it.status({ phase: "Initialized" })],
  [20_000, (it) => it.status({ phase: "Progressing", canaryWeight: 10, run: RUN })],
  [20_000, (it) => it.weight(10)],
  [40_000, (it) => it.weight(0)],
  [40_000, (it) => it.status({ phase: "Failed", run: { ...RUN, stage: "RollingBack", outcome: FAILED } })],
  [50_000, (it) => it.status({ phase: "Failed", run: null, history: [FAILED] })],
];

const STORY = `
traffic: [{ host: checkout, rps: 100 }]
timeline: [{ at: 10s, setImage: { deployment: checkout, image: shop/checkout:v2 } }]
`;

describe("a scenario", () => {
  it("ends some time after the last run is over, with every expectation met", async () => {
    const expected =
      "{ phase: Failed, reason: too slow, within: 2m, maxCanaryWeight: 10, minCanaryWeight: 10, canaryRequestsAfter: 0, userErrorRateBelow: 1%, requestsToUnready: 0 }";
    const { result, seconds, transitions } = await play(`${STORY}expect: ${expected}`, ROLLED_BACK);
    expect(result).toEqual({
      scenario: "story",
      phase: "Failed",
      reason: "MetricFailed: latency: too slow",
      expectations: "met",
    });
    expect(seconds).toBeGreaterThan(70);
    expect(seconds).toBeLessThan(80);
    expect(transitions.map(({ phase, stage, weight }) => `${phase} ${stage} ${weight}`)).toEqual([
      "Initialized undefined 0",
      "Progressing Step 10",
      "Failed RollingBack 0",
      "Failed undefined 0",
    ]);
  });

  it("counts what the mesh really sent to the canary after the run, whatever the status says", async () => {
    const lying = ROLLED_BACK.filter(([at], index) => at !== 40_000 || index % 2 === 1);
    const { result } = await play(`${STORY}expect: { phase: Failed, canaryRequestsAfter: 0 }`, lying);
    const [problem] = result.expectations;
    expect(problem).toMatch(/^canaryRequestsAfter: \d{3}, expected 0 at most$/);
  });

  it("allows proxies their delay to learn of the rollback", async () => {
    const slow = `${STORY}meshDelay: 10s\nexpect: { phase: Failed, canaryRequestsAfter: 0, canaryRequests: 400 }`;
    const { result } = await play(slow, ROLLED_BACK);
    expect(result.expectations).toBe("met");
  });

  it("gives up when `within` has passed since the last action", async () => {
    const { result, seconds } = await play(`${STORY}expect: { phase: Succeeded, within: 2m }`, ROLLED_BACK);
    expect(result.expectations).toEqual(["phase: Failed, expected Succeeded (2m after the last action)"]);
    expect(seconds).toBeCloseTo(130, 0);
  });

  it("waits for an end that lasts", async () => {
    const script: Script = [
      [1_000, (it) => it.status({ phase: "Succeeded" })],
      [4_000, (it) => it.status({ phase: "Progressing", run: RUN })],
      [60_000, (it) => it.status({ phase: "Succeeded", run: null })],
    ];
    const { result, seconds } = await play("expect: { phase: Succeeded }", script);
    expect(result.expectations).toBe("met");
    expect(seconds).toBeGreaterThan(64);
  });

  it("is judged at settings.end when there is one", async () => {
    const { result, seconds } = await play("settings: { end: 5m }\nexpect: { requestsToUnready: 0 }");
    expect(result.expectations).toBe("met");
    expect(seconds).toBeCloseTo(300, 0);
  });

  it("begins when the Deployments serve, so that its beginning costs no user anything", async () => {
    const { world } = await play("traffic: [{ host: checkout, rps: 100 }]\nsettings: { end: 20s }");
    expect(world.mesh.truth.userErrors()).toBe(0);
    expect(world.mesh.truth.userRequests()).toBeGreaterThan(1_500);
  });

  it("does not begin with fields that the API server does not know, and names them", async () => {
    const stray =
      "manifests: [all.yaml, { apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: 80 }], selectr: {} } }]";
    await expect(play(stray)).rejects.toThrow('creating services shop/a: unknown field "spec.selectr"');
    const later = `timeline: [{ at: 1s, patch: { deployment: checkout, spec: { replica: 1 } } }]\nsettings: { end: 2s }`;
    expect((await play(later)).result.expectations).toEqual([
      'patching deployments.apps shop/checkout: unknown field "spec.replica"',
    ]);
  });

  it("is the same twice", async () => {
    const twice = [await play(`${STORY}expect: { phase: Failed }`, ROLLED_BACK)].concat(
      await play(`${STORY}expect: { phase: Failed }`, ROLLED_BACK),
    );
    const [first, second] = twice.map(
      ({ world, transitions }) => JSON.stringify(transitions) + world.mesh.metricsText(),
    );
    expect(first).toBe(second);
  });
});

describe("actions on the world", () => {
  const at = (members: string, end = "40s") =>
    `timeline: [{ at: 5s, ${members} }]\nsettings: { end: ${end} }`;

  it("setImage rolls the Deployment over to another image", async () => {
    await play(at("setImage: shop/checkout:v2"), [], async ({ client }) => {
      const { items } = await client.list(POD, { namespace: "shop", labelSelector: "app=checkout" });
      const images = items.map(({ spec }) => spec.containers[0]?.image);
      expect(images).toEqual(["shop/checkout:v2", "shop/checkout:v2"]);
    });
  });

  it("annotate sets annotations as kubectl does", async () => {
    await play(at('annotate: { abort: "why" }'), [], async ({ client }) => {
      const { metadata } = await client.get(ROLLOUT, KEY);
      expect(metadata.annotations).toMatchObject({ "sluice.dev/abort": "why" });
      expect(JSON.stringify(metadata.managedFields)).toContain("kubectl-annotate");
    });
  });

  it("patch, scale and apply change objects", async () => {
    const text = `
timeline:
  - { at: 1s, patch: { service: checkout, patch: { metadata: { labels: { team: shop } } } } }
  - { at: 1s, patch: { service: checkout, patch: [{ op: replace, path: /spec/ports/0/port, value: 81 }] } }
  - { at: 1s, scale: { deployment: checkout, replicas: 3 } }
  - { at: 1s, apply: more.yaml }
settings: { end: 20s }`;
    const { result } = await play(text, [], async ({ client }) => {
      const changed = await client.get(SERVICE, KEY);
      expect(changed.metadata.labels).toEqual({ team: "shop" });
      expect(changed.spec.ports?.[0]?.port).toBe(81);
      expect((await client.get(DEPLOYMENT, KEY)).status?.readyReplicas).toBe(3);
    });
    expect(result.expectations).toBe("met");
  });

  it("apply takes a Rollout that is there already, and what it says is then so", async () => {
    const again = `${ROLLOUT_TEXT.replaceAll("\n", "\n      ")}
        analysis: { metrics: [{ name: latency, max: 300ms }] }`;
    const text = `
timeline:
  - at: 1s
    apply:
      ${again.trim()}
settings: { end: 2s }`;
    const { result } = await play(text, [], async ({ client }) => {
      const { spec } = await client.get(ROLLOUT, KEY);
      expect(spec.analysis.metrics).toContainEqual(
        expect.objectContaining({ name: "latency", max: "300ms" }),
      );
    });
    expect(result.expectations).toBe("met");
  });

  it("delete and deletePod remove objects, the oldest pods first", async () => {
    const text = `
timeline:
  - { at: 1s, scale: { deployment: checkout, replicas: 0 } }
  - { at: 1s, delete: service/checkout-canary }
  - { at: 1s, deletePod: { deployment: checkout-primary, now: true } }
settings: { end: 2s }`;
    await play(text, [], async ({ client }) => {
      const { items } = await client.list(SERVICE, { namespace: "shop" });
      expect(items.map(({ metadata }) => metadata.name)).toEqual(["checkout", "checkout-primary"]);
      const pods = await client.list(POD, { namespace: "shop", labelSelector: "app=checkout-primary" });
      expect(pods.items.filter(({ status }) => status?.phase !== "Running")).toHaveLength(1);
    });
  });

  it("images behave differently from then on, in running pods too", async () => {
    const text = `traffic: [{ host: checkout, rps: 100 }]\n${at('images: { "shop/checkout:v1": { errorRate: 1 } }', "10s")}`;
    const { world } = await play(text);
    const { truth } = world.mesh;
    expect(truth.userErrors() / truth.userRequests()).toBeCloseTo(0.5, 1);
  });

  it("traffic changes, by action and by its own plan", async () => {
    const text = `
traffic: [{ host: checkout, rps: 100, changes: [{ at: 10s, rps: 0 }] }]
timeline: [{ at: 20s, traffic: { host: checkout, rps: 100 } }]
settings: { end: 30s }`;
    const { world } = await play(text);
    expect(world.mesh.truth.userRequests() / 100).toBeCloseTo(20, -0.5);
  });

  it("the controller is killed and started, and not started twice", async () => {
    const text = `
timeline:
  - { at: 1s, controller: start }
  - { at: 2s, controller: kill }
  - { at: 3s, controller: start }
  - { at: 4s, controller: restart }
settings: { end: 5s }`;
    expect((await play(text)).calls).toEqual(["start", "kill", "start", "kill", "start"]);
  });

  it("a controller that does not come up holds nothing up, and one that fails to is a problem", async () => {
    const text = `
timeline:
  - { at: 1s, controller: restart }
  - { at: 2s, controller: restart }
  - { at: 3s, meshDelay: 7s }
settings: { end: 5s }`;
    const starts: Starts = {
      2: () => new Promise(() => {}),
      4: () => Promise.reject(new Error("no port")),
    };
    const { result, world } = await play(text, [], undefined, starts);
    expect(world.mesh.lag).toEqual(evenLag(7_000));
    expect(result.expectations).toEqual(["timeline: the controller did not start: no port"]);
  });

  it("meshDelay holds back what proxies learn", async () => {
    const { world } = await play(at("meshDelay: 1h"));
    expect(world.mesh.lag).toEqual(evenLag(3_600_000));
  });

  it("faults of Prometheus and of the API server come and go", async () => {
    const query = (world: World) =>
      world.prometheus.handle("/api/v1/query", new URLSearchParams({ query: "1" }));
    const get = (world: World) => world.clientFor("test").get(DEPLOYMENT, KEY);
    await play(at("prometheus: down, apiServer: down", "6s"), [], async (world) => {
      await expect(query(world)).rejects.toThrow("ECONNREFUSED");
      await expect(get(world)).rejects.toThrow("connection refused");
      await sleep(world.clock, 1);
    });
    const up =
      "timeline: [{ at: 1s, prometheus: down, apiServer: errors }, { at: 2s, prometheus: up, apiServer: up }]";
    await play(`${up}\nsettings: { end: 3s }`, [], async (world) => {
      expect((await query(world)).status).toBe(200);
      expect((await get(world)).metadata.name).toBe("checkout");
    });
  });

  it("one that cannot be done is an unmet expectation, and the story goes on", async () => {
    const text = `
timeline:
  - { at: 1s, scale: { deployment: nobody, replicas: 1 } }
  - { at: 2s, setImage: { deployment: checkout, container: other, image: a } }
  - { at: 3s, deletePod: { selector: app=none } }
  - { at: 4s, delete: { apiVersion: example.com/v1, kind: Thing, name: a } }
settings: { end: 5s }`;
    const { result } = await play(text);
    expect(result.expectations).toEqual([
      expect.stringMatching(/^timeline: scale at 1s failed: .*"nobody" not found/),
      "timeline: setImage at 2s failed: Deployment checkout has no container other",
      "timeline: deletePod at 3s failed: no pod matches",
      "timeline: delete at 4s failed: the cluster serves no Thing in example.com/v1",
    ]);
  });
});
