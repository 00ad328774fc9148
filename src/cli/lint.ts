import type { Command } from "commander";
import { plural } from "../lib/text.ts";
import { type ClusterFlags, clusterOptions, namespaceOf, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { lintManifests } from "./lint-manifests.ts";
import type { Linted } from "./lint-remark.ts";
import { readManifests } from "./manifests.ts";
import { UsageError } from "./terminal.ts";

interface Flags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly live?: boolean;
  readonly allNamespaces?: boolean;
  readonly prometheus?: string;
  readonly rootNamespace: string;
}

/** `sluice lint`: what the controller would refuse, and what preflight would find, before it is applied. */
export function addLintCommand(program: Command, context: CommandContext): void {
  clusterOptions(program.command("lint"))
    .description("Check Rollouts and what is around them: in files without a cluster, or what a cluster has.")
    .option(
      "-f, --filename <files...>",
      "files, folders, or - for standard input: Rollouts and their objects",
    )
    .option("--live", "what the cluster has, and what its controller says about it")
    .option("-A, --all-namespaces", "with --live: of all namespaces")
    .option("--prometheus <url>", "with --live: look there for requests of the primaries")
    .option(
      "--root-namespace <name>",
      "istiod's, whose PeerAuthentication holds for the mesh",
      "istio-system",
    )
    .action(async (flags: Flags) => {
      if ((flags.filename === undefined) === (flags.live !== true))
        throw new UsageError("want one of -f and --live");
      if (flags.prometheus !== undefined && flags.live !== true)
        throw new UsageError("--prometheus goes with --live");
      const linted =
        flags.filename === undefined
          ? await lintCluster(flags, context)
          : await lintManifests(await readManifests(flags.filename, context.terminal), flags);
      report(linted, context);
    });
}

function report({ rollouts, remarks, unseen }: Linted, { terminal }: CommandContext): void {
  for (const { where, severity, text } of remarks)
    terminal.out(`${where}: ${severity === "warns" ? "warning: " : ""}${text}\n`);
  for (const what of new Set(unseen)) terminal.out(`not looked at: ${what}\n`);
  const bad = remarks.filter(({ severity }) => severity === "blocks").length;
  const warnings = remarks.length - bad;
  if (bad > 0) throw new CommandFailed("failed", `${plural(bad, "problem")} found${warningText(warnings)}`);
  if (rollouts === 0) throw new UsageError("no Rollout in it");
  terminal.out(`${plural(rollouts, "Rollout")} checked, no problem found${warningText(warnings)}.\n`);
}

function warningText(count: number): string {
  return count === 0 ? "" : `, ${plural(count, "warning")}`;
}

async function lintCluster(flags: Flags, { clock }: CommandContext): Promise<Linted> {
  const { prometheus, rootNamespace } = flags;
  return withCluster(flags, async (session) => {
    const namespace = flags.allNamespaces === true ? undefined : namespaceOf(session, flags);
    const rollouts = await session.rollouts(namespace);
    const { lintLive } = await import("./lint-live.ts");
    return lintLive(session, rollouts, { prometheus, rootNamespace, clock });
  });
}
