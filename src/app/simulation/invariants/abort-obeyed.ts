import { REVISION_ANNOTATION } from "../../../api/names.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { isHealthy } from "../plan.ts";
import { weightOf } from "../routing-view.ts";

/** From an abort to weight 0, with nothing in the way. */
const LIMIT_MS = 5_000;

interface Abort {
  readonly atMs: number;
  readonly runId: number;
  readonly revision: string;
}

/**
 * 4. An abort that is given while the canary has requests takes its weight to 0, at once where nothing is in the way,
 * and what was aborted is not promoted.
 */
export const abortObeyed: InvariantFactory = ({ plan, world, people }) => {
  const seen = new Map<string, number>();
  /** Not obeyed yet. */
  const waiting = new Map<string, Abort>();
  const last = new Map<string, Abort>();
  const look = (name: string): readonly string[] => {
    const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
    const weight = routes === undefined ? 0 : weightOf(routes, name);
    const aborts = people.commands(name).filter(({ command }) => command === "abort");
    const isNew = aborts.length > (seen.get(name) ?? 0);
    seen.set(name, aborts.length);
    if (isNew) note(name, weight);
    if (aborts.at(-1)?.isWithdrawn === true) forget(name);
    if (weight === 0) waiting.delete(name);
    const abort = waiting.get(name);
    if (abort === undefined || !isHealthy(plan.faults)) return [];
    const agoMs = world.clock.now() - abort.atMs;
    if (agoMs < LIMIT_MS) return [];
    waiting.delete(name);
    return [`${name} still has ${weight} % ${agoMs} ms after its abort`];
  };
  const note = (name: string, weight: number): void => {
    const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
    const run = rollout?.status?.run;
    // The end of a run that is being finalised or promoted is not ours to call off.
    if (run?.stage !== "Step" || rollout?.metadata.deletionTimestamp !== undefined) return;
    const abort = { atMs: world.clock.now(), runId: run.id, revision: run.revision };
    last.set(name, abort);
    if (weight > 0) waiting.set(name, abort);
  };
  const forget = (name: string) => {
    last.delete(name);
    waiting.delete(name);
  };
  const isStillRunning = (name: string, { runId }: Abort): boolean =>
    world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name })?.status?.run?.id === runId;
  return {
    name: "abort-obeyed",
    onWrite: ({ kind, object, isStatus, method }) => {
      const { name, annotations } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || !name.endsWith("-primary")) return [];
      const apex = name.slice(0, -"-primary".length);
      const abort = last.get(apex);
      if (abort === undefined || annotations?.[REVISION_ANNOTATION] !== abort.revision) return [];
      return isStillRunning(apex, abort) ? [`${apex} was promoted although its run was aborted`] : [];
    },
    atInstant: () => plan.rollouts.flatMap(({ name }) => look(name)),
    atEnd: () =>
      [...waiting].map(
        ([name, { atMs }]) =>
          `the abort of ${name} ${world.clock.now() - atMs} ms before the end was not obeyed`,
      ),
  };
};
