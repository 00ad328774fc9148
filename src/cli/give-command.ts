import type { Command } from "commander";
import { COMMANDS, type CommandName, commandAnnotation } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutStatus } from "../api/status.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { type Clock, deadline, sleep } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { durationFlag } from "./duration-flag.ts";
import { CommandFailed } from "./exit-codes.ts";
import { checkRevision, subjectText, writeCommand } from "./write-command.ts";

interface Flags extends ClusterFlags {
  readonly reason: string;
  readonly revision?: string;
  readonly wait: boolean;
  readonly timeout: number;
}

const DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  abort: "Stop the release: canary weight 0 at once, then its pods go.",
  promote: "Promote without waiting for steps and evidence.",
  pause: "Keep the weight where it is; a failure still rolls back.",
  resume: "Take a pause away.",
  approve: "Let the current step go on once its hold is over and its evidence is good.",
  retry: "Release the rejected revision again.",
};

/** `sluice abort|promote|pause|resume|approve|retry`: what a person may ask for. */
export function addGivenCommands(program: Command, context: CommandContext): void {
  for (const name of COMMANDS) {
    clusterOptions(program.command(`${name} <name>`).description(DESCRIPTIONS[name]))
      .option("--reason <text>", "why; it is told in events, status and notifications", "")
      .option(
        "--revision <revision>",
        "only if this is still the revision in question (its first letters suffice)",
      )
      .option("--no-wait", "do not wait until the controller has obeyed")
      .option(
        "--timeout <duration>",
        "how long to wait for the controller",
        durationFlag,
        parseDuration("15s") ?? 0,
      )
      .action((rolloutName: string, flags: Flags) =>
        withCluster(flags, (session) => give(name, { session, rolloutName, flags, context })),
      );
  }
}

interface Giving {
  readonly session: ClusterSession;
  readonly rolloutName: string;
  readonly flags: Flags;
  readonly context: CommandContext;
}

async function give(name: CommandName, { session, rolloutName, flags, context }: Giving): Promise<void> {
  const { terminal } = context;
  const rollout = await findRollout(session, flags, rolloutName);
  checkRevision(rollout, flags.revision);
  const known = await refusals(session, rollout, name);
  const written = await writeCommand(session, rollout, { name, reason: flags.reason });
  const what = `${name} ${rollout.metadata.namespace}/${rolloutName}${subjectText(rollout)}`;
  if (!flags.wait) {
    terminal.out(`${what}: asked for\n`);
    return;
  }
  const limit = deadline(context.clock, flags.timeout, { reason: () => new Error("time is up") });
  const obeyed = await untilObeyed(session, written, { name, signal: limit.signal }).finally(limit.release);
  if (obeyed === null) {
    throw new CommandFailed(
      "timeout",
      `${what}: the controller has not taken it up yet; it will when it runs (kubectl annotate rollout ${rolloutName} ${commandAnnotation(name)}- takes it back)`,
    );
  }
  const refusal = await refusalOf(session, obeyed, { name, known, clock: context.clock });
  if (refusal !== null) throw new CommandFailed("failed", `${what}: ${refusal}`);
  terminal.out(`${what}: done. ${obeyed.status?.message ?? ""}`.trimEnd().concat("\n"));
}

/** The Rollout once the controller has taken the annotation away; null when it did not in time. */
async function untilObeyed(
  session: ClusterSession,
  written: Rollout,
  { name, signal }: { readonly name: CommandName; readonly signal: AbortSignal },
): Promise<Rollout | null> {
  const { namespace, name: rolloutName } = written.metadata;
  for await (const rollout of session.follow({ namespace, name: rolloutName }, signal)) {
    if (rollout === null) throw new CommandFailed("notFound", "the Rollout is gone");
    if (rollout.metadata.annotations?.[commandAnnotation(name)] === undefined) return rollout;
  }
  return null;
}

/** When it shows in the status that a command was obeyed. */
const EFFECT: Readonly<Record<CommandName, (status: RolloutStatus) => boolean>> = {
  abort: ({ run, phase }) => run?.stage === "RollingBack" || phase === "Failed",
  promote: ({ run }) => run?.promoteRequested !== undefined || run?.stage === "Promoting",
  pause: ({ run }) => run?.pause?.kind === "Requested",
  resume: ({ run }) => run !== undefined && run.pause === undefined,
  approve: ({ run }) => run?.approvals?.some(({ step }) => step === run.stepIndex) === true,
  retry: ({ rejected }) => rejected === undefined,
};

const LOOK_MS = 200;
const LOOKS = 8;

/** Events follow the status a moment later; a command that shows no effect and no refusal had nothing left to do. */
async function refusalOf(
  session: ClusterSession,
  obeyed: Rollout,
  given: { readonly name: CommandName; readonly known: Refusals; readonly clock: Clock },
): Promise<string | null> {
  if (obeyed.status !== undefined && EFFECT[given.name](obeyed.status)) return null;
  for (let look = 0; look < LOOKS; look++) {
    for (const [text, times] of await refusals(session, obeyed, given.name)) {
      if (times !== given.known.get(text)) return text;
    }
    await sleep(given.clock, LOOK_MS);
  }
  return null;
}

/** What was refused so far, and when last: an event that repeats is counted, not written again. */
type Refusals = ReadonlyMap<string, string>;

async function refusals(session: ClusterSession, rollout: Rollout, name: CommandName): Promise<Refusals> {
  // Without permission to read events a refusal goes unseen here; it stands in the events all the same.
  const events = await session.events(rollout).catch(() => []);
  const about = events.filter(
    ({ label, text }) => label === "CommandRefused" && text.startsWith(`${name} by`),
  );
  return new Map(about.map(({ text, atMs, count }) => [text, `${atMs}/${count}`]));
}
