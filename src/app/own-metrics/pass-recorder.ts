import type { Rollout } from "../../api/rollout.ts";
import type { PassObserver } from "../../controller/pass.ts";
import type { WatchedReader } from "../../kube/cache-union.ts";
import type { ControllerParts } from "../controller-parts.ts";
import { FlaggerSeries } from "./flagger-series.ts";
import { VERSION } from "./live-series.ts";
import { RunRecorder } from "./run-recorder.ts";

/** Hears of passes: for our own metrics, and for those with Flagger's names where they are asked for. */
export function passRecorder(
  { clock, metrics: { own, flagger: metrics } }: Pick<ControllerParts, "clock" | "metrics">,
  rollouts: WatchedReader<Rollout>,
  leads: () => boolean,
): Required<PassObserver> & { passed(key: string, tookMs: number): void } {
  const runs = new RunRecorder(clock, own.runs);
  const flagger = metrics === null ? null : new FlaggerSeries({ metrics, rollouts, leads, version: VERSION });
  return {
    judged: (status) => runs.judged(status),
    loweredOnEvidence: (evidenceEndMs) => runs.loweredOnEvidence(evidenceEndMs),
    wrote: (rollout, before, after) => {
      runs.wrote(before, after);
      flagger?.wrote(rollout, before, after);
    },
    passed: (key, tookMs) => flagger?.passed(key, tookMs),
  };
}
