import { loadConfig } from "../../config/config.ts";
import type { AnyObject } from "../../kube/object.ts";
import { keyText } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";
import { NAMESPACE } from "../../kube/resources.ts";
import type { ApiRequest } from "../../kube/transport.ts";
import { sleep } from "../../lib/clock.ts";
import { Prng } from "../../lib/prng.ts";
import { TimeStandsStillError, VirtualClock } from "../../lib/virtual-clock.ts";
import { evenLag } from "../../sim/mesh/lag.ts";
import { ScenarioImages } from "../../sim/scenario/image-book.ts";
import { World } from "../../sim/world.ts";
import { driven } from "../rehearsal.ts";
import { Absence } from "./absence.ts";
import { type EndState, endStateOf } from "./end-state.ts";
import { GateKeeper } from "./gate-keeper.ts";
import { Inbox } from "./inbox.ts";
import { NAMESPACE_NAME, type Scene } from "./invariant.ts";
import { unrest } from "./invariants/comes-to-rest.ts";
import { silenceMs } from "./invariants/silent-at-rest.ts";
import type { Cut } from "./line.ts";
import { namespaceManifest } from "./manifests.ts";
import { isNotice } from "./notice.ts";
import { People } from "./people.ts";
import { MESH_BATCH_MS, type Move, type Plan } from "./plan.ts";
import { Processes } from "./processes.ts";
import { Referee } from "./referee.ts";
import { TESTERS_HEADERS } from "./testers.ts";
import { Trace } from "./trace.ts";

export interface SimulationOptions {
  readonly plan: Plan;
  readonly crd: AnyObject;
  readonly onLine?: (line: string) => void;
  /** Processes die where this says so. */
  readonly isFatal?: (request: ApiRequest, when: "before" | "after") => boolean;
}

export interface SimulationResult {
  /** A sentence for each broken invariant. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly ends: Readonly<Record<string, EndState>>;
  /** Of Rollouts that failed: for how long no controller wrote anything, at the longest, until they did. */
  readonly absentMs: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly kills: number;
  /** Writes of controllers, Leases and events apart. */
  readonly writes: number;
}

/** After the last fault everything comes to rest within so long: hanging watches, deadlines and backoffs included. */
const REST_LIMIT_MS = 15 * 60_000;

/** Where a node may be cut off there is another. */
const FRAIL_NODE = "node-2";
const NODES = ["node-1", FRAIL_NODE];

const POLL_MS = 1_000;
const STAGE_POLL_MS = 300;
const LOOK_EVERY_MS = 5_000;

/** Production's default is 20 s; a drain is as good for finding bugs when it is short. */
const CONFIG = loadConfig({ flags: { drain: "5s", statusRefresh: "30s" }, environment: {} });

/** Plays a plan on virtual time and holds the invariants against the world. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const clock = new VirtualClock();
  const simulation = new Simulation(options, clock);
  try {
    return await driven(clock, simulation.run());
  } catch (thrown) {
    if (thrown instanceof TimeStandsStillError) return simulation.breakOff(thrown.message);
    throw thrown;
  }
}

class Simulation {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #trace: Trace;
  readonly #people: People;
  readonly #processes: Processes;
  readonly #gateKeeper: GateKeeper;
  readonly #referee: Referee;
  readonly #scene: Scene;
  #startMs = 0;
  #writes = 0;
  readonly #absence = new Absence();
  /** When a controller last wrote something that matters. */
  #lastWriteMs = 0;

  constructor({ plan, crd, onLine, isFatal }: SimulationOptions, clock: VirtualClock) {
    this.#plan = plan;
    const images = new ScenarioImages(plan.images);
    this.#world = new World({
      clock,
      seed: plan.seed,
      images,
      crds: [crd],
      meshLag: evenLag(plan.faults.meshDelayMs),
      meshBatchMs: MESH_BATCH_MS,
      writesClusterEvents: false,
      ...(plan.faults.nodeFailures.length > 0 ? { nodes: NODES } : {}),
    });
    this.#trace = new Trace(clock, onLine ?? (() => {}));
    this.#people = new People(plan, this.#world, this.#trace);
    const inbox = new Inbox(clock, plan.faults.inbox);
    this.#gateKeeper = new GateKeeper(clock, plan.faults.webhooks);
    this.#scene = { plan, world: this.#world, people: this.#people, inbox, gates: this.#gateKeeper };
    this.#referee = new Referee(this.#scene);
    this.#processes = new Processes({
      world: this.#world,
      config: CONFIG,
      prng: new Prng(plan.seed + 1),
      trace: this.#trace,
      faults: plan.faults,
      inbox,
      gateKeeper: this.#gateKeeper,
      isFatal,
      onWrite: (instance, request, response) => this.#wrote(instance, request, response),
    });
  }

  async run(): Promise<SimulationResult> {
    await this.#begin();
    this.#lookNowAndThen();
    await Promise.all([this.#playMoves(), this.#playFaults()]);
    this.#heal();
    const restMs = await this.#comeToRest();
    this.#referee.end();
    const result = this.#result();
    this.#trace.add("end", `at rest after ${restMs} ms ${JSON.stringify(result.ends)}`);
    await this.#close();
    return result;
  }

  /** The controller is busy for ever without time passing: 7, and 12. */
  breakOff(why: string): SimulationResult {
    const result = this.#result();
    this.#processes.close();
    return { ...result, violations: [...result.violations, `time: ${why}`] };
  }

  #result(): SimulationResult {
    return {
      violations: this.#referee.violations,
      trace: this.#trace.lines,
      ends: Object.fromEntries(this.#plan.rollouts.map(({ name }) => [name, endStateOf(this.#world, name)])),
      absentMs: this.#absence.untilFailed,
      virtualMs: this.#elapsedMs,
      kills: this.#processes.kills,
      writes: this.#writes,
    };
  }

  get #elapsedMs(): number {
    return this.#world.clock.now() - this.#startMs;
  }

  async #begin(): Promise<void> {
    await this.#world.start();
    await this.#world.client.create(NAMESPACE as Resource, namespaceManifest());
    await this.#people.prepare();
    await this.#processes.prepare();
    await sleep(this.#world.clock, 5_000);
    for (const { name, rps, testersRps } of this.#plan.rollouts) {
      const from = { workload: "traffic", namespace: NAMESPACE_NAME, labels: { app: "traffic" } };
      this.#world.mesh.setTraffic(`traffic-${name}`, { host: name, rps, from });
      if (testersRps === 0) continue;
      const testers = { host: name, rps: testersRps, headers: TESTERS_HEADERS, from };
      this.#world.mesh.setTraffic(`testers-${name}`, testers);
    }
    this.#startMs = this.#world.clock.now();
    this.#processes.start();
    await this.#people.applyRollouts();
  }

  #lookNowAndThen(): void {
    this.#world.clock.setTimer(LOOK_EVERY_MS, () => {
      this.#referee.look();
      this.#lookNowAndThen();
    });
  }

  async #playMoves(): Promise<void> {
    const jobs: Promise<void>[] = [];
    const waits: Promise<void>[] = [];
    for (const move of this.#plan.moves) {
      await this.#until(move.atMs);
      if (this.#plan.isCalm) await this.#adopted(move.rollout);
      if (move.onceIn === undefined) jobs.push(this.#people.perform(move));
      else waits.push(this.#performOnce(move));
    }
    await Promise.all(waits);
    // Some wait for what is being deleted; that is part of coming to rest.
    void Promise.all(jobs);
  }

  /** Moves that meet a run just where it is: by chance alone short stages are hardly ever hit. */
  async #performOnce(move: Move): Promise<void> {
    const at = { namespace: NAMESPACE_NAME, name: move.rollout };
    const isIn = () => this.#world.caches.rollouts.get(at)?.status?.run?.stage === move.onceIn;
    while (!isIn() && this.#elapsedMs < this.#plan.faults.endMs)
      await sleep(this.#world.clock, STAGE_POLL_MS);
    if (isIn()) await this.#people.perform(move);
  }

  /** What is changed before adoption is over may be what is adopted: a race that is not ours to judge. */
  async #adopted(name: string): Promise<void> {
    const at = { namespace: NAMESPACE_NAME, name };
    const isAdopted = () => this.#world.caches.rollouts.get(at)?.status?.promoted !== undefined;
    const until = async (endMs: number) => {
      while (!isAdopted() && this.#elapsedMs < endMs) await sleep(this.#world.clock, POLL_MS);
    };
    const { endMs } = this.#plan.faults;
    await until(endMs);
    // Processes that die as soon as they start get nothing done.
    if (!isAdopted()) this.#heal();
    await until(endMs + REST_LIMIT_MS);
  }

  async #playFaults(): Promise<void> {
    const { faults } = this.#plan;
    const { prometheus } = this.#world;
    const outages = faults.prometheus.map(async ({ fromMs, toMs, fault }) => {
      await this.#until(fromMs);
      this.#trace.add("chaos", `metrics ${fault.kind}`);
      prometheus.setFault(fault);
      await this.#until(Math.min(toMs, faults.endMs));
      prometheus.setFault(null);
    });
    const upheavals = faults.upheavals.map(async (upheaval) => {
      await this.#until(upheaval.atMs);
      await this.#processes.upset(upheaval);
    });
    const nodeFailures = faults.nodeFailures.map(async ({ atMs, forMs }) => {
      await this.#until(atMs);
      this.#trace.add("chaos", `${FRAIL_NODE} is cut off for ${forMs} ms`);
      this.#world.failNode(FRAIL_NODE);
      await this.#until(Math.min(atMs + forMs, faults.endMs));
      this.#world.recoverNode(FRAIL_NODE);
    });
    const cuts = faults.cuts.map(async (cut) => {
      await this.#until(cut.atMs);
      this.#processes.cut(cut, () => this.#abortAfter(cut));
    });
    const ends = [...outages, ...upheavals, ...nodeFailures, ...cuts];
    await Promise.all([...ends, this.#playGit(), this.#until(faults.endMs)]);
  }

  #abortAfter({ abort }: Cut): void {
    if (abort === null) return;
    const { rollout, afterMs } = abort;
    this.#world.clock.setTimer(afterMs, () => {
      void this.#people.perform({ atMs: this.#elapsedMs, rollout, kind: "command", command: "abort" });
    });
  }

  async #playGit(): Promise<void> {
    const { gitOpsEveryMs, endMs } = this.#plan.faults;
    if (gitOpsEveryMs === 0) return;
    for (let atMs = gitOpsEveryMs; atMs < endMs; atMs += gitOpsEveryMs) {
      await this.#until(atMs);
      await this.#people.syncGit();
    }
  }

  #heal(): void {
    if (this.#processes.hasHealed) return;
    this.#trace.add("chaos", "all faults end");
    this.#world.prometheus.setFault(null);
    this.#gateKeeper.heal();
    this.#processes.heal();
  }

  /** Until nothing is under way and nothing has been written for a while; or the limit. Resolves to how long it took. */
  async #comeToRest(): Promise<number> {
    const { clock } = this.#world;
    const healedMs = clock.now();
    // What waits for a time that a clock which was ahead has put into a status waits until then.
    let restMs = healedMs + this.#processes.mostAheadMs;
    while (clock.now() - healedMs < REST_LIMIT_MS) {
      await sleep(clock, POLL_MS);
      const isBusy =
        this.#people.isBusy || this.#plan.rollouts.some(({ name }) => unrest(this.#scene, name) !== null);
      if (isBusy) restMs = Math.max(restMs, clock.now());
      const sinceMs = Math.max(restMs, this.#lastWriteMs);
      if (clock.now() - sinceMs > silenceMs(this.#plan)) break;
    }
    return restMs - healedMs;
  }

  #wrote(...[instance, request, response]: Parameters<Referee["wrote"]>): void {
    const write = this.#referee.wrote(instance, request, response);
    if (write !== null) this.#absence.wrote(write);
    if (write === null || isNotice(write) || write.kind === "Lease") return;
    this.#writes += 1;
    const { namespace, name } = write.object.metadata ?? {};
    const key = namespace === undefined ? write.path : keyText({ namespace, name });
    this.#trace.add(instance, `${request.method} ${write.kind} ${key}${write.isStatus ? " status" : ""}`);
    if (!write.isStatus || !this.#isRunning()) this.#lastWriteMs = write.atMs;
  }

  /** A run that is paused refreshes the evidence in its status now and then. */
  #isRunning(): boolean {
    return this.#world.caches.rollouts.list().some(({ status }) => status?.run !== undefined);
  }

  async #close(): Promise<void> {
    this.#referee.close();
    this.#processes.close();
    await this.#world.stop();
  }

  async #until(atMs: number): Promise<void> {
    const leftMs = atMs - this.#elapsedMs;
    if (leftMs > 0) await sleep(this.#world.clock, leftMs);
  }
}
