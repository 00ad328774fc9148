import manifest from "../../../package.json" with { type: "json" };
import type { RolloutController } from "../../controller/controller.ts";
import type { CacheSet } from "../../kube/cache-set.ts";
import type { Gates } from "../gates.ts";
import type { OwnMetrics } from "./own-metrics.ts";

interface Parts {
  readonly controller: Pick<RolloutController, "queue">;
  readonly notifier: { readonly pending: number };
  readonly gates: Pick<Gates, "desk" | "hooks">;
  readonly watches: Pick<CacheSet, "problems">;
  readonly leads: () => boolean;
}

/** Answers for what `/metrics` says of the process at this moment. */
export function showLive(
  own: OwnMetrics["own"],
  { controller, notifier, gates, watches, leads }: Parts,
): void {
  own.process.build.from(() => [{ labels: { version: VERSION, node: process.versions.node }, value: 1 }]);
  own.process.leader.from(() => (leads() ? 1 : 0));
  own.process.memoryLimit.from(memoryLimit);
  own.queue.depth.from(() => controller.queue.depth);
  own.queue.delayed.from(() => controller.queue.delayed);
  own.queue.active.from(() => controller.queue.active);
  own.api.failing.from(() => watches.problems().length);
  own.notifications.pending.from(() => notifier.pending);
  own.gates.asked.from(() => gates.desk.size);
  own.gates.events.from(() =>
    Object.entries(gates.hooks.counts).map(([result, value]) => ({ labels: { result }, value })),
  );
}

export const VERSION: string = manifest.version;

/** Where there is no limit, the kernel names one that no machine has. */
const NO_LIMIT_BYTES = 2 ** 50;

function memoryLimit(): number | null {
  const bytes = process.constrainedMemory();
  return bytes > 0 && bytes < NO_LIMIT_BYTES ? bytes : null;
}
