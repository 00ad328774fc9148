import { namesOf } from "../../api/names.ts";
import type { Rollout } from "../../api/rollout.ts";
import { isAlreadyExists } from "../../kube/api-error.ts";
import type { Deployment } from "../../kube/kind/workload.ts";
import type { AnyObject } from "../../kube/object.ts";
import { NAMESPACE } from "../../kube/resources.ts";
import { RestClient } from "../../kube/rest-client.ts";
import { sleep } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/duration.ts";
import { toError } from "../../lib/errors.ts";
import { INJECTED_NAMESPACE } from "../mesh/injector.ts";
import { longestLagMs } from "../mesh/lag.ts";
import { BATCH_MS } from "../mesh/mesh.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";
import { type Facts, unmet, unmetGoals } from "./expectations.ts";
import type { ScenarioImages } from "./image-book.ts";
import { isRollout, type LoadedScenario } from "./load.ts";
import { RolloutObserver, type Transition } from "./observer.ts";
import { ScenarioFileError } from "./parse.ts";
import { type ControllerHandle, Performer } from "./performer.ts";
import { countMet, type MetCounts } from "./requests-met.ts";
import { ResourceFinder } from "./resource-finder.ts";
import type { TimelineEntry } from "./schema.ts";
import { initialTraffic } from "./traffic.ts";

export interface RunnerOptions {
  readonly loaded: LoadedScenario;
  /** Started, and empty but for CRDs. */
  readonly world: World;
  /** The images that the world was made with. */
  readonly images: ScenarioImages;
  readonly controller: ControllerHandle;
  readonly onTransition?: (transition: Transition) => void;
  /** Each action, just before it is done. */
  readonly onAction?: (entry: TimelineEntry) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The last line of a scenario's output. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly phase: string | null;
  readonly reason: string | null;
  /** A sentence for each expectation that is not met, and for each action that could not be done. */
  readonly expectations: "met" | readonly string[];
}

/** So long Deployments may take to be available before the story begins without them. */
const SETTING_LIMIT_MS = 120_000;

const POLL_MS = 500;

/** An end that is reached must last so long. */
const STAY_MS = 5_000;

/** So long requests to the canary are counted after a run has ended. */
const AFTERMATH_MS = 30_000;

/** `within` when a scenario says nothing. */
const DEFAULT_WITHIN_MS = 30 * 60_000;

/** Plays one scenario in a world: sets the scene, performs the timeline, judges the end. */
export class ScenarioRunner {
  readonly #options: RunnerOptions;
  readonly #performer: Performer;
  readonly #observer: RolloutObserver;
  readonly #failedActions: string[] = [];
  #maxMeshDelayMs: number;
  #startMs = 0;

  constructor(options: RunnerOptions) {
    const { loaded, world, images, controller } = options;
    this.#options = options;
    const rollout = { namespace: loaded.namespace, name: loaded.rollout.metadata.name };
    this.#performer = new Performer({
      client: new RestClient({
        transport: world.transport,
        clock: world.clock,
        fieldManager: "kubectl",
        onWarning: (text, doing) => this.#warned(text, doing),
      }),
      finder: new ResourceFinder(world.transport),
      controls: {
        mesh: world.mesh,
        prometheus: world.prometheus,
        webhooks: world.webhooks,
        loadTester: world.webhooks.loadTester,
        apiFaults: world.apiFaults,
        images: {
          change: (entries) => {
            images.change(entries);
            world.imagesChanged();
          },
        },
      },
      controller,
      rollout,
      applied: loaded.applied,
      onStartFailed: (error) =>
        this.#failedActions.push(`timeline: the controller did not start: ${error.message}`),
    });
    this.#observer = new RolloutObserver({
      clock: world.clock,
      ...world.caches,
      rollout,
      onTransition: (transition) => options.onTransition?.(transition),
    });
    this.#maxMeshDelayMs = longestLagMs(world.mesh.lag);
  }

  /**
   * Resolves with the result; leaves world and controller running. Rejects when the scene cannot be set (a manifest
   * is refused, the controller does not start) or the signal is aborted.
   */
  async run(): Promise<ScenarioResult> {
    try {
      await this.#setScene();
      const timeline = this.#timeline();
      for (const entry of timeline) await this.#playEntry(entry);
      const { loaded } = this.#options;
      const expected = loaded.scenario.expect;
      const overdueMs = await this.#waitForEnd();
      const facts = this.#facts();
      const problems = [...this.#failedActions, ...unmet(expected, facts, overdueMs)];
      return {
        scenario: loaded.scenario.name,
        phase: facts.phase,
        reason: facts.reason,
        expectations: problems.length === 0 ? "met" : problems,
      };
    } finally {
      this.#observer.close();
    }
  }

  /** Time 0: what the manifests make is there and serves, traffic begins, and the Rollout is applied. */
  async #setScene(): Promise<void> {
    const { loaded, world } = this.#options;
    const isLate = (object: AnyObject) => isRollout(object);
    const { webhooks, loadTester } = loaded.scenario;
    for (const [path, answer] of Object.entries(webhooks)) world.webhooks.set(path, answer);
    for (const [part, outcome] of Object.entries(loadTester.commands))
      world.webhooks.loadTester.setOutcome(part, outcome);
    await this.#ensureNamespaces();
    for (const object of loaded.objects.filter((it) => !isLate(it))) await this.#performer.apply(object);
    await this.#deploymentsAvailable();
    await this.#performer.startController();
    this.#startMs = world.clock.now();
    for (const [name, spec] of initialTraffic(loaded.scenario.traffic, loaded.namespace)) {
      world.mesh.setTraffic(name, spec);
    }
    await this.#performer.apply(loaded.rollout);
    for (const object of loaded.objects.filter(isLate)) await this.#performer.apply(object);
    if (this.#failedActions.length > 0) throw new ScenarioFileError(this.#failedActions);
  }

  /** What the API server would have dropped in silence is a slip of the pen, as for kubectl. */
  #warned(text: string, doing: string): void {
    if (/^(unknown|duplicate) field/.test(text)) this.#failedActions.push(`${doing}: ${text}`);
  }

  /** Those that objects are in and that no manifest makes; they are in the mesh. */
  async #ensureNamespaces(): Promise<void> {
    const { loaded, world } = this.#options;
    const objects = [loaded.rollout, ...loaded.objects, ...[...loaded.applied.values()].flat()];
    const names = new Set([loaded.namespace, ...objects.map(({ metadata }) => metadata.namespace)]);
    const own = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    for (const name of names) {
      if (name === undefined || own.includes(name)) continue;
      try {
        const metadata = { name, labels: INJECTED_NAMESPACE };
        await world.client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  async #deploymentsAvailable(): Promise<void> {
    const { world } = this.#options;
    const limit = world.clock.now() + SETTING_LIMIT_MS;
    await this.#pause(POLL_MS);
    while (!world.caches.deployments.list().every(isAvailable) && world.clock.now() < limit) {
      await this.#pause(POLL_MS);
    }
  }

  /** With the later rates of the traffic among the actions. */
  #timeline(): readonly TimelineEntry[] {
    const { timeline, traffic } = this.#options.loaded.scenario;
    const rates = traffic.flatMap(({ host, changes = [] }) =>
      changes.map(({ at, rps }): TimelineEntry => {
        return { atMs: at, action: { kind: "traffic", changes: [{ host, rps }] } };
      }),
    );
    return [...timeline, ...rates].toSorted((a, b) => a.atMs - b.atMs);
  }

  async #playEntry(entry: TimelineEntry): Promise<void> {
    const { world, onAction } = this.#options;
    await this.#pause(this.#startMs + entry.atMs - world.clock.now());
    onAction?.(entry);
    try {
      await this.#performer.perform(entry.action);
    } catch (thrown) {
      this.#failedActions.push(`${actionText(entry)}: ${toError(thrown).message}`);
    }
    this.#maxMeshDelayMs = Math.max(this.#maxMeshDelayMs, longestLagMs(world.mesh.lag));
  }

  /** Resolves with null when the goals were reached in time and lasted, else with how long they were waited for. */
  async #waitForEnd(): Promise<number | null> {
    const { loaded, world } = this.#options;
    const { expect: expected, settings } = loaded.scenario;
    if (settings.end !== undefined) {
      await this.#pause(this.#startMs + settings.end - world.clock.now());
      return null;
    }
    const withinMs = expected.within ?? DEFAULT_WITHIN_MS;
    const deadline = world.clock.now() + withinMs;
    let reachedAt: number | null = null;
    for (;;) {
      const now = world.clock.now();
      if (unmetGoals(expected, this.#facts()).length > 0) reachedAt = null;
      else reachedAt ??= now;
      if (reachedAt === null && now >= deadline) return withinMs;
      if (reachedAt !== null && now >= reachedAt + STAY_MS && now >= this.#aftermathEnd(deadline))
        return null;
      await this.#pause(POLL_MS);
    }
  }

  /** Until when requests to the canary have to be counted; `deadline` while no run has ended. */
  #aftermathEnd(deadline: number): number {
    if (this.#options.loaded.scenario.expect.canaryRequestsAfter === undefined) return 0;
    const since = this.#quietSince();
    return since === null ? deadline : since + AFTERMATH_MS;
  }

  /** From when on no request should reach the canary: the run is over, and every proxy has had time to learn of it. */
  #quietSince(): number | null {
    const endedAt = this.#observer.lastRunEndedAt;
    return endedAt === null ? null : endedAt + this.#maxMeshDelayMs + BATCH_MS;
  }

  #facts(): Facts {
    const { world, loaded } = this.#options;
    const observer = this.#observer;
    const { truth } = world.mesh;
    const quietSince = this.#quietSince();
    const live = (fromMs: number) =>
      truth.requestsTo({ namespace: loaded.namespace, workload: this.#names.target, use: "live", fromMs });
    return {
      phase: observer.phase,
      reason: observer.reason,
      isMoving: observer.isMoving,
      promotedImages: this.#imagesOf(this.#names.primary),
      webhookCalls: world.webhooks.counts(),
      maxCanaryWeight: observer.maxCanaryWeight,
      canaryRequests: observer.firstRunAt === null ? 0 : live(observer.firstRunAt),
      canaryRequestsAfter: quietSince === null ? null : live(quietSince),
      userRequests: truth.userRequests({ fromMs: this.#startMs }),
      userErrors: truth.userErrors({ fromMs: this.#startMs }),
      clientsMovedBack: this.#clientsMovedBack(),
      requestsToUnready: truth.requestsToUnready({ fromMs: this.#startMs }),
      requestsUnserved: truth.requestsUnserved({ fromMs: this.#startMs }),
      requestsMet: this.#requestsMet(),
      events: observer.events,
    };
  }

  #requestsMet(): readonly MetCounts[] {
    const { world, loaded } = this.#options;
    const parts = {
      truth: world.mesh.truth,
      namespace: loaded.namespace,
      canary: this.#names.target,
      primary: this.#names.primary,
      spells: this.#observer.spells,
      settleMs: this.#maxMeshDelayMs + BATCH_MS,
    };
    return (loaded.scenario.expect.requests ?? []).map((expected) => countMet(expected, parts));
  }

  #clientsMovedBack(): number {
    const { world, loaded } = this.#options;
    const { target, primary } = this.#names;
    const workload = (name: string) => ({ namespace: loaded.namespace, workload: name });
    const shared = this.#observer.spells.filter(({ stage }) => stage !== "Shadow");
    const counts = shared.map((window) =>
      world.mesh.truth.clients.moved(workload(target), workload(primary), window),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  get #names(): ReturnType<typeof namesOf> {
    return namesOf(this.#observer.rollout ?? (this.#options.loaded.rollout as unknown as Rollout));
  }

  #imagesOf(deployment: string): readonly string[] {
    const key = { namespace: this.#options.loaded.namespace, name: deployment };
    const containers = this.#options.world.caches.deployments.get(key)?.spec.template.spec.containers ?? [];
    return containers.map(({ image }) => image ?? "");
  }

  async #pause(durationMs: number): Promise<void> {
    if (durationMs > 0) await sleep(this.#options.world.clock, durationMs, this.#options.signal);
  }
}

function isAvailable({ spec, status, metadata }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.availableReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) === wanted
  );
}

function actionText({ atMs, action }: { readonly atMs: number; readonly action: Action }): string {
  return `timeline: ${action.kind} at ${formatDuration(atMs)} failed`;
}
