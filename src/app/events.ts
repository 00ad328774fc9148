import { FIELD_MANAGER } from "../api/kind.ts";
import { EVENT_REASONS } from "../api/reasons.ts";
import type { Rollout } from "../api/rollout.ts";
import type { EventSink } from "../controller/pass.ts";
import { type EventRecorder, KubeEventRecorder } from "../kube/event-recorder.ts";
import type { KubeObject } from "../kube/object.ts";
import type { ControllerParts } from "./controller-parts.ts";
import type { OwnMetrics } from "./own-metrics/own-metrics.ts";

/** The target as the cache has it; undefined when there is none (any more). */
type TargetOf = (rollout: Rollout) => KubeObject | undefined;

/** Events go to the Rollout, and those about the release to its target as well: who looks at either sees them. */
export class Events implements EventSink {
  readonly #recorder: EventRecorder;
  readonly #targetOf: TargetOf;
  readonly #counter: OwnMetrics["own"]["runs"]["events"];

  constructor(
    parts: Pick<ControllerParts, "client" | "clock" | "random" | "logger" | "instance" | "metrics">,
    targetOf: TargetOf,
  ) {
    const { client, clock, random, logger, instance, metrics } = parts;
    this.#recorder = new KubeEventRecorder({
      client,
      clock,
      random,
      logger,
      component: FIELD_MANAGER,
      instance,
    });
    this.#targetOf = targetOf;
    this.#counter = metrics.own.runs.events;
  }

  post(...[rollout, event]: Parameters<EventSink["post"]>): void {
    this.#counter.add({ reason: event.reason });
    this.#recorder.record(rollout, event);
    if (EVENT_REASONS[event.reason].about === "rollout") return;
    const target = this.#targetOf(rollout);
    if (target !== undefined) this.#recorder.record(target, event);
  }

  drain(timeoutMs: number): Promise<void> {
    return this.#recorder.drain(timeoutMs);
  }
}

/** Tells of a receiver that could not be told. */
export function undeliveredTo(events: EventSink): (rollout: Rollout, message: string) => void {
  return (rollout, message) =>
    events.post(rollout, { reason: "NotificationFailed", type: "Warning", message });
}
