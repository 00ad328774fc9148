import type { Rollout } from "../api/rollout.ts";
import type { Phase } from "../api/status.ts";
import type { RolloutController } from "../controller/controller.ts";
import type { Decided } from "../controller/decision-log.ts";
import type { Pass } from "../controller/pass.ts";
import type { CacheSet, CacheState } from "../kube/cache-set.ts";
import { keyOf, keyText } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";
import type { Clock } from "../lib/clock.ts";
import { isoTime } from "../lib/time.ts";
import type { Leadership, LeadershipState } from "./leadership.ts";

/** One Rollout as this process sees it. */
export interface RolloutState {
  readonly rollout: string;
  /** Absent: its status has not been written yet. */
  readonly phase?: Phase;
  readonly stage?: string;
  readonly step?: string;
  readonly weight?: number;
  readonly message?: string;
  /** When it is looked at again if nothing happens before; absent: only when something happens. */
  readonly nextPass?: string;
  /** The last decision that changed something; absent: none since this process leads. */
  readonly lastDecision?: Decided;
}

export interface ControllerState {
  readonly leadership: LeadershipState;
  readonly queue: {
    /** Rollouts that wait for a worker, and for their time. */
    readonly ready: number;
    readonly delayed: number;
    /** Passes begun since the start. */
    readonly begun: number;
    readonly underWay: readonly { readonly rollout: string; readonly tookMs: number }[];
  };
  readonly caches: readonly CacheState[];
  /** Rollouts of which evidence or trouble is remembered. */
  readonly remembered: number;
  readonly rollouts: readonly RolloutState[];
}

interface Sources {
  readonly clock: Clock;
  readonly set: CacheSet;
  readonly leadership: Leadership;
  readonly controller: RolloutController;
  readonly pass: Pass;
  readonly rollouts: Reader<Rollout>;
}

export function controllerState(sources: Sources, asked?: string): ControllerState {
  const { clock, set, leadership, controller, pass, rollouts } = sources;
  const { passes, ...counts } = controller.queue.vitals;
  const shown = rollouts.list().filter((rollout) => asked === undefined || keyText(keyOf(rollout)) === asked);
  return {
    leadership: leadership.state(),
    queue: {
      ...counts,
      underWay: passes.map(({ key, sinceMs }) => ({ rollout: key, tookMs: clock.now() - sinceMs })),
    },
    caches: set.state(),
    remembered: pass.remembered,
    rollouts: shown.map((rollout) => rolloutState(rollout, sources)),
  };
}

function rolloutState(rollout: Rollout, { controller, pass }: Sources): RolloutState {
  const key = keyText(keyOf(rollout));
  const { phase, canaryWeight, message, step, run } = rollout.status ?? {};
  const nextMs = controller.queue.dueMs(key);
  const lastDecision = pass.lastDecision(key);
  return {
    rollout: key,
    ...(phase === undefined ? {} : { phase }),
    ...(run === undefined ? {} : { stage: run.stage }),
    ...(step === undefined ? {} : { step }),
    ...(canaryWeight === undefined ? {} : { weight: canaryWeight }),
    ...(message === undefined ? {} : { message }),
    ...(nextMs === undefined ? {} : { nextPass: isoTime(nextMs) }),
    ...(lastDecision === undefined ? {} : { lastDecision }),
  };
}
