import { type Command, Option } from "commander";
import { COMMANDS, type CommandName, commandAnnotation } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutStatus } from "../api/status.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { type Clock, deadline, sleep } from "../lib/clock.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { durationOption } from "./duration-flag.ts";
import { CommandFailed } from "./exit-codes.ts";
import { checkRevision, subjectText, writeCommand } from "./write-command.ts";

interface Flags extends ClusterFlags {
  readonly reason: string;
  readonly revision?: string;
  readonly wait: boolean;
  readonly timeout: number;
  /** Of `promote` alone. */
  readonly step?: boolean;
}

const DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  abort: "Stop the release: canary weight 0 at once, then its pods go.",
  promote:
    "Go on without waiting: --step leaves the current step, --full (the default) skips all that remain, and their evidence.",
  pause: "Keep the weight where it is; a failure still rolls back.",
  resume: "Take a pause away.",
  approve: "Let the current step go on once its hold is over and its evidence is good.",
  skip: "Leave the current step without waiting for its hold, evidence and approval; the same as promote --step.",
  retry: "Release the rejected revision again.",
};

/** `sluice abort|promote|pause|resume|approve|skip|retry`: what a person may ask for. */
export function addGivenCommands(program: Command, context: CommandContext): void {
  for (const name of COMMANDS) {
    const command = clusterOptions(program.command(`${name} <name>`).description(DESCRIPTIONS[name]));
    if (name === "promote") {
      command
        .option("--step", "leave the current step alone; the same as skip")
        .addOption(new Option("--full", "skip all steps that remain (the default)").conflicts("step"));
    }
    command
      .option("--reason <text>", "why; it is told in events, status and notifications", "")
      .option(
        "--revision <revision>",
        "only if this is still the revision in question (its first letters suffice)",
      )
      .option("--no-wait", "do not wait until the controller has obeyed")
      .addOption(durationOption("--timeout <duration>", "how long to wait for the controller", "15s"))
      .action((rolloutName: string, flags: Flags) =>
        withCluster(flags, (session) =>
          give(flags.step === true ? "skip" : name, { session, rolloutName, flags, context }),
        ),
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
  const isObeyed = await untilObeyed(session, written, { name, signal: limit.signal }).finally(limit.release);
  if (!isObeyed) {
    throw new CommandFailed(
      "timeout",
      `${what}: the controller has not taken it up yet; it will when it runs (kubectl annotate rollout ${rolloutName} ${commandAnnotation(name)}- takes it back)`,
    );
  }
  const outcome = await outcomeOf(session, rollout, { name, known, clock: context.clock });
  if ("refusal" in outcome) throw new CommandFailed("failed", `${what}: ${outcome.refusal}`);
  terminal.out(`${`${what}: done. ${outcome.message}`.trimEnd()}\n`);
}

/** Whether the controller has taken the annotation away in time. */
async function untilObeyed(
  session: ClusterSession,
  written: Rollout,
  { name, signal }: { readonly name: CommandName; readonly signal: AbortSignal },
): Promise<boolean> {
  const { namespace, name: rolloutName } = written.metadata;
  for await (const rollout of session.follow({ namespace, name: rolloutName }, signal)) {
    if (rollout === null) throw new CommandFailed("notFound", "the Rollout is gone");
    if (rollout.metadata.annotations?.[commandAnnotation(name)] === undefined) return true;
  }
  return false;
}

/** How it shows in the status that a command was obeyed. */
const EFFECT: Readonly<Record<CommandName, (now: RolloutStatus, before: RolloutStatus) => boolean>> = {
  abort: ({ run }, before) =>
    before.run !== undefined && (run?.stage === "RollingBack" || run?.id !== before.run.id),
  promote: ({ run }, before) =>
    before.run !== undefined && (run?.promoteRequested !== undefined || run?.stage === "Shifting"),
  pause: ({ run }) => run?.pause?.kind === "Requested",
  resume: ({ run }, before) => before.run?.pause !== undefined && run?.pause === undefined,
  approve: ({ run }) => run?.approvals?.some(({ step }) => step === run.stepIndex) === true,
  skip: ({ run }, before) =>
    before.run !== undefined && (run?.skip !== undefined || run?.stage !== before.run.stage),
  retry: ({ rejected }, before) => before.rejected !== undefined && rejected === undefined,
};

const LOOK_MS = 200;
const LOOKS = 8;

/**
 * What came of a command that was taken up. Status and events follow a moment later; one that shows in neither had nothing
 * left to do.
 */
async function outcomeOf(
  session: ClusterSession,
  before: Rollout,
  given: { readonly name: CommandName; readonly known: Refusals; readonly clock: Clock },
): Promise<{ readonly refusal: string } | { readonly message: string }> {
  const { namespace, name } = before.metadata;
  let message = "";
  for (let look = 0; look < LOOKS; look++) {
    const { status } = await session.rollout({ namespace, name });
    message = status?.message ?? "";
    if (status !== undefined && before.status !== undefined && EFFECT[given.name](status, before.status))
      return { message };
    for (const [refusal, times] of await refusals(session, before, given.name)) {
      if (times !== given.known.get(refusal)) return { refusal };
    }
    await sleep(given.clock, LOOK_MS);
  }
  return { message };
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
