import { describe, expect, test } from "vitest";
import type { CommandName } from "../../src/api/command.ts";
import type {
  ControllerWrite,
  GivenCommand,
  InvariantFactory,
  Scene,
} from "../../src/app/simulation/invariant.ts";
import { abortObeyed } from "../../src/app/simulation/invariants/abort-obeyed.ts";
import { abortWins } from "../../src/app/simulation/invariants/abort-wins.ts";
import { capacityKept } from "../../src/app/simulation/invariants/capacity-kept.ts";
import { comesToRest } from "../../src/app/simulation/invariants/comes-to-rest.ts";
import { drainedFirst } from "../../src/app/simulation/invariants/drained-first.ts";
import { gatesObeyed } from "../../src/app/simulation/invariants/gates-obeyed.ts";
import { getsATry } from "../../src/app/simulation/invariants/gets-a-try.ts";
import { idleWhenRolled } from "../../src/app/simulation/invariants/idle-when-rolled.ts";
import { ownRoutesKept } from "../../src/app/simulation/invariants/own-routes-kept.ts";
import { pinnedCanary } from "../../src/app/simulation/invariants/pinned-canary.ts";
import { primaryPresent } from "../../src/app/simulation/invariants/primary-present.ts";
import { promotedAsAnalysed } from "../../src/app/simulation/invariants/promoted-as-analysed.ts";
import { servesInTheEnd } from "../../src/app/simulation/invariants/serves-in-the-end.ts";
import { timeGoesOn } from "../../src/app/simulation/invariants/time-goes-on.ts";
import { toldAsItIs } from "../../src/app/simulation/invariants/told-as-it-is.ts";
import { toldOnce } from "../../src/app/simulation/invariants/told-once.ts";
import { userFieldsKept } from "../../src/app/simulation/invariants/user-fields-kept.ts";
import { ownRoutesManifest } from "../../src/app/simulation/manifests.ts";
import type { Plan } from "../../src/app/simulation/plan.ts";
import { STORIES } from "../../src/app/simulation/stories.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World, type WorldCaches } from "../../src/sim/world.ts";

const NAME = "app-0";
const WEIGHTS = { steps: [{ weight: 50, hold: "5s" }], traffic: { istio: {} } };

/** One Rollout in a world in which nothing runs: what there is, and what is written, is told by hand. */
class Bench {
  readonly clock = new VirtualClock();
  readonly world = new World({ clock: this.clock, seed: 1, images: new ScenarioImages({}), crds: [] });
  readonly commands: GivenCommand[] = [];
  readonly titles: string[] = [];
  readonly #plan: Plan;
  #version = 1;

  constructor(change: Partial<Plan> = {}, spec: object = WEIGHTS) {
    const rollouts = [{ name: NAME, replicas: 2, rps: 40, testersRps: 0, spec: { ...spec } }];
    const moves = [{ atMs: 0, rollout: NAME, kind: "image", image: `shop/${NAME}:v2` } as const];
    this.#plan = { ...STORIES["promote"]!, isCalm: true, rollouts, moves, ...change };
  }

  make(factory: InvariantFactory): ReturnType<InvariantFactory> {
    const { world, commands, titles } = this;
    const scene: Scene = {
      plan: this.#plan,
      world,
      people: { commands: () => commands, wantedImage: () => `shop/${NAME}:v2`, hasCutShort: () => false },
      inbox: {
        get messages() {
          return titles.map((title) => ({ atMs: 0, title }));
        },
      },
      gates: { hasSaidYes: () => false },
    };
    return factory(scene);
  }

  give(command: CommandName, isWithdrawn = false): void {
    this.commands.push({ command, atMs: this.clock.now(), isWithdrawn });
  }

  /** From now on it is there, as it is. */
  put(cache: keyof WorldCaches, object: object): void {
    const { metadata, ...rest } = object as KubeObject;
    const resourceVersion = String(this.#version++);
    this.world.caches[cache].record({ ...rest, metadata: { ...metadata, resourceVersion } } as never);
  }

  remove(cache: keyof WorldCaches, name: string): void {
    this.world.caches[cache].recordAbsence({ namespace: "shop", name }, { upTo: this.#version });
  }

  write(object: object, isStatus = false): ControllerWrite {
    const { kind, metadata } = object as KubeObject;
    const path = `/${kind}/${metadata.name}`;
    const atMs = this.clock.now();
    return { atMs, method: "PATCH", isStatus, path, instance: "a-0", kind, object: object as KubeObject };
  }
}

const meta = (name: string) => ({ name, namespace: "shop", uid: name, resourceVersion: "2" });

function routes(canary: number): object {
  const route = [
    { destination: { host: `${NAME}-primary` }, weight: 100 - canary },
    { destination: { host: `${NAME}-canary` }, weight: canary },
  ];
  return { kind: "VirtualService", metadata: meta(NAME), spec: { http: [{ route }] } };
}

function deployment(name: string, image: string, replicas: number, revision = "r1"): object {
  const annotations = name.endsWith("-primary") ? { "sluice.dev/revision": revision } : {};
  return {
    kind: "Deployment",
    metadata: { ...meta(name), annotations },
    spec: { replicas, template: { spec: { containers: [{ image }] } } },
    status: { readyReplicas: replicas },
  };
}

const primary = (version: string, replicas: number, revision?: string) =>
  deployment(`${NAME}-primary`, `shop/${NAME}:${version}`, replicas, revision);
const target = (version: string, replicas: number) => deployment(NAME, `shop/${NAME}:${version}`, replicas);

function rollout(status: object, annotations = {}): object {
  const metadata = { ...meta(NAME), annotations };
  return { kind: "Rollout", metadata, spec: { suspend: false }, status };
}

function canaryService(hash?: string): object {
  const selector = hash === undefined ? { app: NAME } : { app: NAME, "pod-template-hash": hash };
  return { kind: "Service", metadata: meta(`${NAME}-canary`), spec: { selector } };
}

const RUN = { id: 1, revision: "r2", stage: "Step" };
const AT_REST = { phase: "Succeeded", message: "done", promoted: { images: [`shop/${NAME}:v2`] } };

describe("invariants about the world find, and find nothing else", () => {
  test("pinned-canary: a canary Service that gets requests and names no revision, or another one", () => {
    const bench = new Bench();
    const invariant = bench.make(pinnedCanary);
    bench.put("services", canaryService());
    bench.put("virtualServices", routes(0));
    expect(invariant.atInstant?.()).toEqual([]);
    bench.put("virtualServices", routes(10));
    expect(invariant.atInstant?.()).toHaveLength(1);
    bench.put("services", canaryService("h1"));
    expect(invariant.atInstant?.()).toEqual([]);
    bench.put("services", canaryService("h2"));
    expect(invariant.atInstant?.()).toEqual([
      `Service ${NAME}-canary was pinned from h1 to h2 while it got requests`,
    ]);
  });

  test("primary-present: a primary that stays away for half a minute", async () => {
    const bench = new Bench();
    const invariant = bench.make(primaryPresent);
    bench.put("rollouts", rollout(AT_REST));
    bench.put("deployments", target("v1", 0));
    bench.put("deployments", primary("v1", 2));
    expect(invariant.atInstant?.()).toEqual([]);
    bench.remove("deployments", `${NAME}-primary`);
    expect(invariant.atInstant?.()).toEqual([]);
    await bench.clock.advance(31_000);
    expect(invariant.atInstant?.()).toEqual([`${NAME} has had no primary for 31000 ms`]);
  });

  test("promoted-as-analysed: a primary that says a revision and has another one's image", () => {
    const bench = new Bench();
    const invariant = bench.make(promotedAsAnalysed);
    const labels = { "pod-template-hash": "r2" };
    const ownerReferences = [{ name: `${NAME}-r2` }];
    const containers = [{ image: `shop/${NAME}:v2` }];
    bench.put("pods", {
      kind: "Pod",
      metadata: { ...meta("p"), labels, ownerReferences },
      spec: { containers },
    });
    expect(invariant.onWrite?.(bench.write(primary("v2", 2, "r2")))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(primary("v3", 2, "r2")))).toHaveLength(1);
  });

  test("abort-obeyed: a weight that stays after an abort, and an aborted revision that is promoted", async () => {
    const bench = new Bench();
    const invariant = bench.make(abortObeyed);
    bench.put("rollouts", rollout({ run: RUN }));
    bench.put("virtualServices", routes(50));
    expect(invariant.atInstant?.()).toEqual([]);
    bench.give("abort");
    expect(invariant.atInstant?.()).toEqual([]);
    await bench.clock.advance(5_000);
    expect(invariant.atInstant?.()).toEqual([`${NAME} still has 50 % 5000 ms after its abort`]);
    expect(invariant.onWrite?.(bench.write(primary("v2", 2, "r2")))).toHaveLength(1);
    expect(invariant.onWrite?.(bench.write(primary("v1", 2, "r1")))).toEqual([]);
  });

  test("abort-obeyed: an abort that a person took back unread is no abort", async () => {
    const bench = new Bench();
    const invariant = bench.make(abortObeyed);
    bench.put("rollouts", rollout({ run: RUN }));
    bench.put("virtualServices", routes(50));
    bench.give("abort", true);
    expect(invariant.atInstant?.()).toEqual([]);
    await bench.clock.advance(5_000);
    expect(invariant.atInstant?.()).toEqual([]);
    expect(invariant.onWrite?.(bench.write(primary("v2", 2, "r2")))).toEqual([]);
  });

  test("abort-wins: a weight that rises while an abort waits, and a primary that is given what is being aborted", async () => {
    const bench = new Bench();
    const invariant = bench.make(abortWins);
    bench.put("rollouts", rollout({ run: RUN }, { "sluice.dev/abort": "because" }));
    bench.give("abort");
    expect(invariant.onWrite?.(bench.write(routes(10)))).toEqual([]);
    await bench.clock.advance(3_000);
    expect(invariant.onWrite?.(bench.write(routes(10)))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(routes(50)))).toHaveLength(1);
    expect(invariant.onWrite?.(bench.write(primary("v1", 2, "r1")))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(primary("v2", 2, "r2")))).toHaveLength(1);
    expect(invariant.onWrite?.(bench.write(primary("v1", 2, "r1")))).toEqual([]);
  });

  test("time-goes-on: somebody who never stops writing", async () => {
    const bench = new Bench();
    const invariant = bench.make(timeGoesOn);
    const found = () =>
      Array.from({ length: 900 }, () => invariant.onWrite?.(bench.write(routes(10)))).flat();
    expect(found()).toEqual([]);
    await bench.clock.advance(1);
    expect(found()).toEqual([]);
    expect(found()).toHaveLength(1);
  });

  test("capacity-kept: a primary that is scaled down while the canary has weight", () => {
    const bench = new Bench();
    const invariant = bench.make(capacityKept);
    bench.put("virtualServices", routes(10));
    expect(invariant.onWrite?.(bench.write(primary("v1", 3)))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(primary("v1", 2)))).toHaveLength(1);
    bench.put("virtualServices", routes(0));
    expect(invariant.onWrite?.(bench.write(primary("v1", 1)))).toEqual([]);
  });

  test("drained-first: a target without pods while it has weight, or just had it", async () => {
    const bench = new Bench();
    const invariant = bench.make(drainedFirst);
    bench.put("virtualServices", routes(10));
    expect(invariant.onWrite?.(bench.write(target("v2", 0)))).toHaveLength(1);
    bench.put("virtualServices", routes(0));
    await bench.clock.advance(1_000);
    expect(invariant.onWrite?.(bench.write(target("v2", 0)))).toHaveLength(1);
    await bench.clock.advance(4_000);
    expect(invariant.onWrite?.(bench.write(target("v2", 0)))).toEqual([]);
  });

  test("idle-when-rolled: a primary that is given another template while it has requests", () => {
    const bench = new Bench();
    const invariant = bench.make(idleWhenRolled);
    bench.put("virtualServices", routes(50));
    expect(invariant.onWrite?.(bench.write(primary("v1", 2, "r1")))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(primary("v2", 2, "r2")))).toHaveLength(1);
    bench.put("virtualServices", routes(100));
    expect(invariant.onWrite?.(bench.write(primary("v3", 2, "r3")))).toEqual([]);
  });

  test("comes-to-rest: a run that goes on without a pause, and an image that nobody looks at", () => {
    const bench = new Bench();
    const invariant = bench.make(comesToRest);
    bench.put("deployments", target("v2", 0));
    bench.put("rollouts", rollout({ ...AT_REST, run: RUN }));
    expect(invariant.atEnd?.()).toHaveLength(1);
    bench.put("rollouts", rollout({ ...AT_REST, run: { ...RUN, pause: { kind: "Requested" } } }));
    expect(invariant.atEnd?.()).toEqual([]);
    bench.put("rollouts", rollout({ ...AT_REST, promoted: { images: [`shop/${NAME}:v1`] } }));
    expect(invariant.atEnd?.()).toHaveLength(1);
    bench.put("rollouts", rollout(AT_REST));
    expect(invariant.atEnd?.()).toEqual([]);
  });

  test("serves-in-the-end: a weight, pods of the target or no primary at rest", () => {
    const bench = new Bench();
    const invariant = bench.make(servesInTheEnd);
    bench.put("rollouts", rollout(AT_REST));
    bench.put("deployments", target("v2", 0));
    bench.put("deployments", primary("v2", 2));
    bench.put("virtualServices", routes(0));
    expect(invariant.atEnd?.()).toEqual([]);
    bench.put("virtualServices", routes(10));
    bench.put("deployments", target("v2", 2));
    bench.put("deployments", primary("v2", 0));
    expect(invariant.atEnd?.()).toHaveLength(3);
  });

  test("gets-a-try: a good version that was never tried", () => {
    const bench = new Bench();
    const invariant = bench.make(getsATry);
    bench.put("deployments", primary("v1", 2));
    expect(invariant.atEnd?.()).toHaveLength(1);
    bench.put("deployments", primary("v2", 2));
    expect(invariant.atEnd?.()).toEqual([]);
  });

  test("gates-obeyed: a weight that rises before its gate has said yes", () => {
    const bench = new Bench({}, { ...WEIGHTS, webhooks: [{ type: "confirm-rollout" }] });
    const invariant = bench.make(gatesObeyed);
    bench.put("rollouts", rollout({ run: RUN }));
    expect(invariant.onWrite?.(bench.write(routes(0)))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(routes(10)))).toHaveLength(1);
    bench.give("approve");
    expect(invariant.onWrite?.(bench.write(routes(50)))).toEqual([]);
  });

  test("told-as-it-is: a status that says a weight before the routes have it", () => {
    const bench = new Bench();
    const invariant = bench.make(toldAsItIs);
    expect(invariant.onWrite?.(bench.write(routes(10)))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(rollout({ canaryWeight: 10 }), true))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(rollout({ canaryWeight: 50 }), true))).toHaveLength(1);
  });

  test("told-once: a transition that is told twice, but for a pause", () => {
    const bench = new Bench();
    const invariant = bench.make(toldOnce);
    bench.titles.push("v2 gets 10 %", "v2 is paused", "v2 is paused");
    expect(invariant.atEnd?.()).toEqual([]);
    bench.titles.push("v2 gets 10 %");
    expect(invariant.atEnd?.()).toEqual(['"v2 gets 10 %" was told more than once']);
  });

  test("own-routes-kept: another timeout during a run, and a canary that stays after it", () => {
    const istio = { virtualServices: [{ name: NAME, routes: ["main"] }] };
    const spec = { ...WEIGHTS, traffic: { istio } };
    const bench = new Bench({}, spec);
    const invariant = bench.make(ownRoutesKept);
    const own = ownRoutesManifest({ name: NAME, replicas: 2, rps: 40, testersRps: 0, spec }) as object;
    bench.put("virtualServices", own);
    expect(invariant.onWrite?.(bench.write(own))).toEqual([]);
    expect(invariant.atEnd?.()).toEqual([]);
    const changed = { ...own, spec: { hosts: [NAME], http: [{ name: "main", timeout: "9s" }] } };
    expect(invariant.onWrite?.(bench.write(changed))).toHaveLength(1);
    bench.put("virtualServices", changed);
    expect(invariant.atEnd?.()).toHaveLength(1);
  });

  test("user-fields-kept: more of the target than its replicas", () => {
    const bench = new Bench();
    const invariant = bench.make(userFieldsKept);
    bench.put("deployments", target("v1", 2));
    expect(invariant.onWrite?.(bench.write(target("v1", 0)))).toEqual([]);
    expect(invariant.onWrite?.(bench.write(target("v2", 0)))).toHaveLength(1);
  });
});
