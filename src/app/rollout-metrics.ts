import type { Rollout } from "../api/rollout.ts";
import { PHASES } from "../api/status.ts";
import type { Reader } from "../kube/reader.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";

/** How many Rollouts stand where: counts, so that thousands of them do not make thousands of series. */
export function addRolloutMetrics(registry: MetricsRegistry, rollouts: Reader<Rollout>): void {
  registry.gaugeOf(
    { name: "sluice_rollouts", help: "Rollouts known to the controller." },
    () => rollouts.list().length,
  );
  for (const phase of PHASES) {
    registry.gaugeOf(
      { name: `sluice_rollouts_${phase.toLowerCase()}`, help: `Rollouts in phase ${phase}.` },
      () => rollouts.list().filter((rollout) => rollout.status?.phase === phase).length,
    );
  }
  registry.gaugeOf(
    { name: "sluice_rollouts_paused", help: "Runs that stand still for a named reason." },
    () => rollouts.list().filter((rollout) => rollout.status?.run?.pause !== undefined).length,
  );
}
