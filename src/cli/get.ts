import type { Command } from "commander";
import type { Rollout } from "../api/rollout.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { imageText } from "../core/announce.ts";
import { roughDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import { type ClusterFlags, clusterOptions, findRollout, namespaceOf, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { type Format, nameLine, outputOption, printed, textTable } from "./output.ts";

type Flags = ClusterFlags & { readonly allNamespaces?: boolean; readonly output: Format };

/** `sluice get`: what is being released, one line each. */
export function addGetCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("get [names...]")
    .description("List Rollouts: phase, step, weight and verdict of each.");
  outputOption(clusterOptions(command))
    .option("-A, --all-namespaces", "of all namespaces")
    .action((names: readonly string[], flags: Flags) =>
      withCluster(flags, async (session) => {
        const rollouts = await chosen(session, flags, names);
        print(rollouts, context, { flags, namespace: namespaceOf(session, flags) });
      }),
    );
}

function chosen(
  session: ClusterSession,
  flags: Flags,
  names: readonly string[],
): Promise<readonly Rollout[]> {
  if (names.length > 0) return Promise.all(names.map((name) => findRollout(session, flags, name)));
  return session.rollouts(flags.allNamespaces === true ? undefined : namespaceOf(session, flags));
}

function print(
  rollouts: readonly Rollout[],
  { terminal, clock }: CommandContext,
  { flags, namespace }: { readonly flags: Flags; readonly namespace: string },
): void {
  switch (flags.output) {
    case "json":
    case "yaml":
      terminal.out(printed({ apiVersion: "v1", kind: "List", items: rollouts }, flags.output));
      return;
    case "name":
      terminal.out(rollouts.map(nameLine).join(""));
      return;
    case "text":
    case "wide":
      if (rollouts.length === 0) {
        const where = flags.allNamespaces === true ? "" : ` in namespace ${namespace}`;
        terminal.err(`No Rollouts${where}.\n`);
        return;
      }
      terminal.out(table(rollouts, flags, clock.now()));
  }
}

interface Column {
  readonly title: string;
  readonly of: (rollout: Rollout, nowMs: number) => string;
  readonly when?: (flags: Flags) => boolean;
}

const COLUMNS: readonly Column[] = [
  {
    title: "NAMESPACE",
    of: ({ metadata }) => metadata.namespace ?? "",
    when: ({ allNamespaces }) => allNamespaces === true,
  },
  { title: "NAME", of: ({ metadata }) => metadata.name },
  { title: "PHASE", of: ({ status }) => status?.phase ?? "" },
  { title: "STEP", of: ({ status }) => status?.step ?? "" },
  { title: "WEIGHT", of: ({ status }) => (status === undefined ? "" : `${status.canaryWeight} %`) },
  { title: "VERDICT", of: ({ status }) => status?.verdict ?? "" },
  { title: "REVISION", of: ({ status }) => status?.revision ?? "" },
  { title: "AGE", of: ageOf },
  { title: "IMAGE", of: releasedImage, when: ({ output }) => output === "wide" },
  { title: "MESSAGE", of: ({ status }) => status?.message ?? "", when: ({ output }) => output === "wide" },
];

function table(rollouts: readonly Rollout[], flags: Flags, nowMs: number): string {
  const columns = COLUMNS.filter(({ when }) => when === undefined || when(flags));
  return textTable(
    columns.map(({ title }) => title),
    rollouts.map((rollout) => columns.map(({ of }) => of(rollout, nowMs))),
  );
}

function ageOf({ metadata }: Rollout, nowMs: number): string {
  const { creationTimestamp } = metadata;
  return creationTimestamp === undefined ? "" : roughDuration(nowMs - parseTime(creationTimestamp));
}

function releasedImage({ status }: Rollout): string {
  const what = status?.run ?? status?.promoted;
  return what === undefined ? "" : imageText(what);
}
