import { readFile } from "node:fs/promises";
import type { AxiosAdapter } from "axios";
import { parse } from "yaml";
import { type ConfigSources, loadConfig } from "../config/config.ts";
import type { AnyObject } from "../kube/object.ts";
import type { Transport } from "../kube/transport.ts";
import type { Clock } from "../lib/clock.ts";
import { Prng } from "../lib/prng.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ScenarioImages } from "../sim/scenario/image-book.ts";
import type { LoadedScenario } from "../sim/scenario/load.ts";
import type { Transition } from "../sim/scenario/observer.ts";
import { type ScenarioResult, ScenarioRunner } from "../sim/scenario/runner.ts";
import { EmbeddedSlack } from "../sim/slack/embedded-slack.ts";
import { World } from "../sim/world.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import type { SpanSink } from "../telemetry/spans.ts";
import { receiversInProcess } from "./embedded-receivers.ts";
import { SimulatedController } from "./simulated-controller.ts";

export interface RehearsalOptions {
  readonly loaded: LoadedScenario;
  readonly onTransition?: (transition: Transition) => void;
  readonly logger?: Logger;
  /** Where notifications go, which take their time from this clock; absent: to an embedded Slack, and nowhere else. */
  readonly receivers?: ((clock: Clock) => AxiosAdapter) | undefined;
  /** Where traces of runs go; absent: nowhere. */
  readonly spans?: SpanSink | undefined;
  /** Flags of the controller. */
  readonly flags?: ConfigSources["flags"];
  /** Stands between the controller and the API server; absent: nothing does. */
  readonly network?: ((server: Transport) => Transport) | undefined;
}

/** Virtual time in one go; between two goes the event loop gets a turn. */
const SLICE_MS = 60_000;

/** Longer than any scenario may take, `settings.end` and `within` included. */
const LIMIT_MS = 14 * 24 * 3_600_000;

/** Plays a scenario on virtual time: hours in seconds, and twice the same. */
export async function rehearse(options: RehearsalOptions): Promise<ScenarioResult> {
  const { loaded, logger = silentLogger } = options;
  const { scenario } = loaded;
  const clock = new VirtualClock();
  const seed = scenario.settings.seed ?? 1;
  const images = new ScenarioImages(scenario.images);
  const world = new World({
    clock,
    seed,
    images,
    logger,
    crds: [await rolloutCrd()],
    meshLag: scenario.meshDelay,
    scrapeIntervalMs: scenario.settings.scrapeInterval,
  });
  const config = loadConfig({ flags: options.flags ?? {}, environment: {} });
  const prng = new Prng(seed + 1);
  const receiverAdapter =
    options.receivers?.(clock) ?? receiversInProcess(new EmbeddedSlack(clock), config.slackApi);
  const network = options.network?.(world.apiFaults);
  const controller = new SimulatedController({
    world,
    config,
    prng,
    logger,
    receiverAdapter,
    spans: options.spans,
    ...(network === undefined ? {} : { network: () => network }),
  });
  const runner = new ScenarioRunner({
    loaded,
    world,
    images,
    controller,
    ...(options.onTransition === undefined ? {} : { onTransition: options.onTransition }),
  });
  const done = world.start().then(() => runner.run());
  try {
    return await driven(clock, done);
  } finally {
    controller.kill();
    await driven(clock, world.stop());
  }
}

/** Lets virtual time pass until the work is done. */
export async function driven<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = work.finally(() => {
    isSettled = true;
  });
  // What it rejects with is for the caller, below.
  settled.catch(() => {});
  for (let passedMs = 0; !isSettled && passedMs < LIMIT_MS; passedMs += SLICE_MS) {
    await clock.advanceUntil(() => isSettled, SLICE_MS);
  }
  return settled;
}

/** Our own CRD, as it is installed in a cluster. */
export async function rolloutCrd(): Promise<AnyObject> {
  return parse(await readFile(new URL("../../crds/sluice.dev_rollouts.yaml", import.meta.url), "utf8"));
}
