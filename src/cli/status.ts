import type { Command } from "commander";
import type { Rollout } from "../api/rollout.ts";
import type { ClusterSession, Surroundings } from "../app/cluster-session.ts";
import { clockTime } from "../lib/time.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Format, nameLine, outputOption, printed } from "./output.ts";
import { Screen } from "./screen.ts";
import { statusView } from "./status-view.ts";

type Flags = ClusterFlags & { readonly watch?: boolean; readonly output: Format };

/** How often countdowns move, and how often pods and events are read again. */
const REDRAW_MS = 1_000;
const REREAD_MS = 3_000;

/** `sluice status`: one Rollout, whole. */
export function addStatusCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("status <name>")
    .description("Show what is being released, why it waits, whether it hurts, and how to stop it.");
  outputOption(clusterOptions(command))
    .option("-w, --watch", "go on showing it until Ctrl-C")
    .action((name: string, flags: Flags) =>
      withCluster(flags, async (session) => {
        const rollout = await findRollout(session, flags, name);
        if (flags.watch === true) await watch(session, rollout, context);
        else await showOnce(session, rollout, { flags, context });
      }),
    );
}

async function showOnce(
  session: ClusterSession,
  rollout: Rollout,
  { flags, context }: { readonly flags: Flags; readonly context: CommandContext },
): Promise<void> {
  const { terminal } = context;
  if (flags.output === "json" || flags.output === "yaml") terminal.out(printed(rollout, flags.output));
  else if (flags.output === "name") terminal.out(nameLine(rollout));
  else {
    const surroundings = await session.surroundings(rollout);
    const columns = flags.output === "wide" ? Number.POSITIVE_INFINITY : terminal.columns;
    terminal.out(`${viewOf(rollout, surroundings, { context, columns }).join("\n")}\n`);
  }
}

function viewOf(
  rollout: Rollout,
  surroundings: Surroundings,
  { context, columns }: { readonly context: CommandContext; readonly columns: number },
): readonly string[] {
  return statusView({ nowMs: context.clock.now(), rollout, surroundings, columns });
}

/** On a screen the whole view, drawn again; elsewhere a line for each change. Ends when asked to, or with the Rollout. */
async function watch(session: ClusterSession, first: Rollout, context: CommandContext): Promise<void> {
  const ended = new AbortController();
  const asked = context.terminal.untilAsked().then(() => ended.abort());
  const { name, namespace } = first.metadata;
  const versions = session.follow({ name, namespace }, ended.signal);
  const told = context.terminal.isScreen
    ? drawChanges(session, versions, context)
    : printChanges(versions, context);
  try {
    await Promise.race([asked, told]);
  } finally {
    ended.abort();
  }
  // The screen is to be left as it was before anything else is written.
  await told;
}

async function printChanges(
  versions: AsyncIterable<Rollout | null>,
  { terminal, clock }: CommandContext,
): Promise<void> {
  let last = "";
  for await (const rollout of versions) {
    const line = changeLine(rollout);
    if (line !== last) terminal.out(`${clockTime(clock.now())}  ${line}\n`);
    last = line;
    if (rollout === null) return;
  }
}

function changeLine(rollout: Rollout | null): string {
  if (rollout === null) return "it is gone";
  const { phase = "-", step = "", canaryWeight = 0, message = "" } = rollout.status ?? {};
  return `${`${phase} ${step}`.trimEnd().padEnd(20)} ${`${canaryWeight} %`.padStart(5)}  ${message}`;
}

async function drawChanges(
  session: ClusterSession,
  versions: AsyncIterable<Rollout | null>,
  context: CommandContext,
): Promise<void> {
  const screen = new Screen(context.terminal);
  const { clock } = context;
  let shown: { readonly rollout: Rollout; readonly surroundings: Surroundings } | null = null;
  let readAtMs = 0;
  const reread = async (rollout: Rollout) => {
    readAtMs = clock.now();
    shown = { rollout, surroundings: await session.surroundings(rollout) };
  };
  const draw = () => {
    if (shown !== null)
      screen.draw(viewOf(shown.rollout, shown.surroundings, { context, columns: context.terminal.columns }));
  };
  const tick = () => {
    draw();
    if (shown !== null && clock.now() - readAtMs >= REREAD_MS) reread(shown.rollout).catch(() => {});
    timer = clock.setTimer(REDRAW_MS, tick);
  };
  let timer = clock.setTimer(REDRAW_MS, tick);
  try {
    for await (const rollout of versions) {
      if (rollout === null) throw new CommandFailed("notFound", "the Rollout is gone");
      await reread(rollout);
      draw();
    }
  } finally {
    timer.cancel();
    screen.leave();
  }
}
