import type { AnyObject } from "../../../kube/object.ts";
import { driven } from "../../rehearsal.ts";
import { DEATHS, type Death, ROUTES_HANG, ROUTES_REFUSED } from "./deaths.ts";
import { DEADLINE_MS, SmallWorld } from "./small-world.ts";

/** A sentence for each thing that is not as it must be. */
type Problems = readonly string[];

/** Something is dead for ever, and a run has to end all the same. */
export interface DeadStory {
  readonly title: string;
  play(world: SmallWorld): Promise<Problems>;
}

/** Plays one in a world of its own. */
export async function playDeadStory(story: DeadStory, crd: AnyObject): Promise<Problems> {
  const world = new SmallWorld(crd);
  const played = async () => {
    await world.begin();
    try {
      return await story.play(world);
    } finally {
      await world.end();
    }
  };
  return driven(world.clock, played());
}

/** From the abort (or what else ends a run) to weight 0. */
const AT_ONCE_MS = 1_000;

/** From a dead routing object's return to weight 0: the pause between two attempts. */
const ONCE_POSSIBLE_MS = 6_000;

/** Attempts in a minute of what cannot succeed. */
const ATTEMPTS_PER_MINUTE = 30;

const FIRST_WEIGHT_LIMIT_MS = 90_000;

function check(...claims: readonly (readonly [holds: boolean, otherwise: string])[]): Problems {
  return claims.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
}

/** A good version has its first weight. */
async function toFirstWeight(world: SmallWorld, version = "v2"): Promise<void> {
  await world.release(version);
  const took = await world.until(() => world.weight > 0, FIRST_WEIGHT_LIMIT_MS);
  if (took === null) throw new Error(`no weight after ${FIRST_WEIGHT_LIMIT_MS} ms: ${world.story}`);
}

/** What holds after every end, whatever is dead. */
function ended(world: SmallWorld, death: Death): Problems {
  const { status } = world;
  const cannotScale = death.api !== undefined && hits(death, "deployments");
  return check(
    [status?.phase === "Failed", `the phase is ${status?.phase}, not Failed: ${world.story}`],
    [world.weight === 0, `the weight is ${world.weight}`],
    [world.canaryRequests(20_000) === 0, `${world.canaryRequests(20_000)} requests still reach the canary`],
    [
      cannotScale ? world.namesTheTrouble : status?.run === undefined,
      cannotScale ? `nobody can see why it goes on: ${world.story}` : `the run goes on: ${world.story}`,
    ],
    [cannotScale || world.canaryPods === 0, `the canary has ${world.canaryPods} pods`],
    [
      world.attempts(60_000) <= ATTEMPTS_PER_MINUTE,
      `${world.attempts(60_000)} writes were tried in the last minute`,
    ],
  );
}

function hits(death: Death, plural: string): boolean {
  const path = `/apis/x/v1/namespaces/y/${plural}/z`;
  return death.api?.hits({ method: "PATCH", path, headers: {} } as never) === true;
}

function aborted(death: Death) {
  return async (world: SmallWorld): Promise<Problems> => {
    await toFirstWeight(world);
    world.die(death);
    await world.pass(10_000);
    await world.command("abort");
    const took = await world.until(() => world.weight === 0, 60_000);
    await world.pass(90_000);
    return [
      ...check([(took ?? Number.NaN) <= AT_ONCE_MS, `weight 0 came ${took} ms after the abort`]),
      ...ended(world, death),
    ];
  };
}

function overdue(death: Death) {
  return async (world: SmallWorld): Promise<Problems> => {
    await world.release("unready");
    await world.until(() => world.status?.run?.stage === "Starting", 30_000);
    world.die(death);
    const took = await world.until(() => world.status?.phase === "Failed", 5 * DEADLINE_MS);
    await world.pass(60_000);
    return [
      ...check([
        took !== null && took <= DEADLINE_MS + 2_000,
        `the deadline of ${DEADLINE_MS} ms was met after ${took} ms`,
      ]),
      ...ended(world, death),
    ];
  };
}

function failing(death: Death) {
  return async (world: SmallWorld): Promise<Problems> => {
    await toFirstWeight(world, "errors");
    world.die(death);
    const took = await world.until(() => world.weight === 0, 60_000);
    await world.pass(60_000);
    return [
      ...check([took !== null && took <= 20_000, `a bad canary was rolled back after ${took} ms`]),
      ...ended(world, death),
    ];
  };
}

/** The routing object cannot be written for two minutes after the abort; then it can. */
function abortedWithoutRoutes(death: Death, onceMs: number) {
  return async (world: SmallWorld): Promise<Problems> => {
    await toFirstWeight(world);
    world.die(death);
    await world.command("abort");
    await world.pass(120_000);
    const meanwhile = check(
      [world.weight > 0, "the weight changed although nobody could write it"],
      [world.namesTheTrouble, `nobody can see why the abort is not done: ${world.story}`],
      [
        world.attempts(60_000) <= ATTEMPTS_PER_MINUTE,
        `${world.attempts(60_000)} writes were tried in a minute`,
      ],
    );
    world.heal();
    const took = await world.until(() => world.weight === 0, 120_000);
    await world.pass(60_000);
    return [
      ...meanwhile,
      ...check([took !== null && took <= onceMs, `weight 0 came ${took} ms after it could be written`]),
      ...ended(world, {}),
    ];
  };
}

const GATES_DEAD: readonly DeadStory[] = (["refused", "hangs"] as const).map((webhooks) => ({
  title: `a run whose webhooks ${webhooks === "hangs" ? "never answer" : "are refused"} waits for them by name, and can be aborted`,
  play: async (world) => {
    world.die({ webhooks });
    await world.release("v2");
    await world.pass(120_000);
    const waiting = check(
      [world.status?.run !== undefined, `no run waits: ${world.story}`],
      [world.story.includes("confirm-rollout"), `it does not say for what it waits: ${world.story}`],
      [world.weight === 0, `the weight is ${world.weight}`],
    );
    await world.command("abort");
    const took = await world.until(() => world.status?.run === undefined, 30_000);
    return [
      ...waiting,
      ...check([took !== null && took <= 15_000, `the run ended ${took} ms after the abort`]),
    ];
  },
}));

const OTHERS: readonly DeadStory[] = [
  ...(["refused", "hangs"] as const).map((receivers) => ({
    title: `a run whose notifications ${receivers === "hangs" ? "never get an answer" : "are refused"} succeeds as ever`,
    play: async (world: SmallWorld) => {
      world.die({ receivers });
      await world.release("v2");
      const took = await world.until(() => world.status?.phase === "Succeeded", 300_000);
      return check([took !== null && took <= 180_000, `it took ${took} ms: ${world.story}`]);
    },
  })),
  ...Object.entries({
    "are refused": DEATHS["metrics refused"],
    "never come": DEATHS["metrics never answering"],
    "have no data": DEATHS["metrics without data"],
  }).map(([how, death]) => ({
    title: `a run whose metrics ${how} keeps its weight, and pauses by name`,
    play: async (world: SmallWorld) => {
      await toFirstWeight(world);
      world.die(death);
      await world.pass(180_000);
      return check(
        [world.status?.run?.pause !== undefined, `it is not paused: ${world.story}`],
        [world.weight === 20, `the weight is ${world.weight}`],
        [world.userErrors() === 0, `${world.userErrors()} users met errors`],
      );
    },
  })),
  ...Object.entries({
    refused: DEATHS["scaling refused"],
    "never answered": DEATHS["scaling never answering"],
  }).flatMap(([how, death]) => [
    {
      title: `a run that cannot get its pods because scaling is ${how} ends at its deadline`,
      play: async (world: SmallWorld) => {
        world.die(death);
        await world.release("v2");
        const began = await world.until(() => world.status?.run !== undefined, 30_000);
        const took = await world.until(() => world.status?.phase === "Failed", 5 * DEADLINE_MS);
        await world.pass(30_000);
        return [
          ...check(
            [began !== null, `no run began: ${world.story}`],
            [took !== null && took <= DEADLINE_MS + 20_000, `it ended after ${took} ms: ${world.story}`],
            [world.status?.run === undefined, `the run goes on: ${world.story}`],
          ),
        ];
      },
    },
    {
      title: `a promotion that cannot go on because scaling is ${how} is rolled back at its deadline`,
      play: async (world: SmallWorld) => {
        await toFirstWeight(world);
        await world.until(() => world.status?.run?.stage === "Step" && world.weight === 50, 90_000);
        world.die(death);
        const took = await world.until(() => world.weight === 0, 120_000 + 2 * DEADLINE_MS);
        await world.pass(60_000);
        return [
          ...check([took !== null, `the weight stayed at ${world.weight}: ${world.story}`]),
          ...ended(world, death),
          ...check([world.userErrors() === 0, `${world.userErrors()} users met errors`]),
        ];
      },
    },
  ]),
  {
    title: "an abort does not wait for a write of the promotion that nobody answers",
    play: async (world) => {
      await toFirstWeight(world);
      await world.until(() => world.weight === 50, 90_000);
      world.die(DEATHS["scaling never answering"]);
      // The hold is over by then, and the primary is being given its template.
      await world.pass(25_000);
      await world.command("abort");
      const took = await world.until(() => world.weight === 0, 60_000);
      return check([took !== null && took <= AT_ONCE_MS, `weight 0 came ${took} ms after the abort`]);
    },
  },
  {
    title: "a run whose first weight can never be written ends at its deadline",
    play: async (world) => {
      await world.release("v2");
      await world.until(() => world.status?.run?.stage === "Starting", 30_000);
      world.die(ROUTES_REFUSED);
      const took = await world.until(() => world.status?.phase === "Failed", 10 * DEADLINE_MS);
      await world.pass(30_000);
      return check(
        [took !== null && took <= 3 * DEADLINE_MS, `it ended after ${took} ms: ${world.story}`],
        [world.weight === 0, `the weight is ${world.weight}`],
        [world.canaryPods === 0, `the canary has ${world.canaryPods} pods`],
      );
    },
  },
  {
    title: "a run whose next weight can never be written goes back as soon as anything can be",
    play: async (world) => {
      await toFirstWeight(world);
      world.die(ROUTES_REFUSED);
      await world.pass(20_000 + 4 * DEADLINE_MS);
      world.heal();
      await world.until(() => world.weight === 0, 60_000);
      await world.pass(30_000);
      return check([world.status?.phase === "Failed", `it did not give up: ${world.story}`]);
    },
  },
];

/** Those that `npm test` plays: one for each way in which things once went wrong. */
const QUICK = [
  /^(metrics|webhooks|scaling) never answering: an abort/,
  /^scaling refused: an abort/,
  /^routes/,
  /scaling is refused/,
  /^an abort does not wait/,
  /weight can never be written/,
];

export function isQuick({ title }: DeadStory): boolean {
  return QUICK.some((pattern) => pattern.test(title));
}

export const DEAD_STORIES: readonly DeadStory[] = [
  ...Object.entries(DEATHS).flatMap(([title, death]): readonly DeadStory[] => [
    { title: `${title}: an abort sends the weight to 0 and ends the run`, play: aborted(death) },
    { title: `${title}: a deadline ends the run`, play: overdue(death) },
    ...(title.startsWith("metrics")
      ? []
      : [{ title: `${title}: a bad canary is rolled back`, play: failing(death) }]),
  ]),
  {
    title: "routes refused: an abort is done as soon as they can be written",
    play: abortedWithoutRoutes(ROUTES_REFUSED, ONCE_POSSIBLE_MS),
  },
  {
    title: "routes never answering: an abort is done as soon as they can be written",
    play: abortedWithoutRoutes(ROUTES_HANG, 15_000 + ONCE_POSSIBLE_MS),
  },
  ...GATES_DEAD,
  ...OTHERS,
];
