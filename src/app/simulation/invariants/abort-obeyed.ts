import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { weightOf } from "../routing-view.ts";

/** 4. An abort that is given while the canary has requests takes its weight to 0, whatever else goes on. */
export const abortObeyed: InvariantFactory = ({ plan, world, people }) => {
  const seen = new Map<string, number>();
  const waiting = new Map<string, number>();
  const look = (name: string): void => {
    const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
    const weight = routes === undefined ? 0 : weightOf(routes, `${name}-canary`);
    const aborts = people.commands(name).filter(({ command }) => command === "abort");
    const isNew = aborts.length > (seen.get(name) ?? 0);
    seen.set(name, aborts.length);
    if (weight === 0) waiting.delete(name);
    else if (isNew && isUnderWay(name)) waiting.set(name, world.clock.now());
  };
  /** The end of a run that is being finalised or promoted is not ours to call off. */
  const isUnderWay = (name: string): boolean => {
    const stage = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name })?.status?.run?.stage;
    return stage === "Step";
  };
  return {
    name: "abort-obeyed",
    atInstant: () => {
      for (const { name } of plan.rollouts) look(name);
      return [];
    },
    atEnd: () =>
      [...waiting].map(
        ([name, atMs]) => `the abort of ${name} ${world.clock.now() - atMs} ms before the end was not obeyed`,
      ),
  };
};
