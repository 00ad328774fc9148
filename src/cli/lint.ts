import type { Command } from "commander";
import { ROLLOUT_GROUP, ROLLOUT_KIND, ROLLOUT_VERSION } from "../api/kind.ts";
import type { Rollout } from "../api/rollout.ts";
import { readSpec, type SpecProblem } from "../api/validate.ts";
import { plural } from "../lib/text.ts";
import { type ClusterFlags, clusterOptions, namespaceOf, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Manifest, readManifests } from "./manifests.ts";
import { UsageError } from "./terminal.ts";

interface Flags extends ClusterFlags {
  readonly filename?: readonly string[];
  readonly live?: boolean;
  readonly allNamespaces?: boolean;
}

interface Found {
  /** `rollout.yaml:12: shop/checkout` */
  readonly where: string;
  readonly problem: SpecProblem;
}

interface Checked {
  readonly rollouts: number;
  readonly found: readonly Found[];
}

/** `sluice lint`: what the controller would refuse, before it is applied. */
export function addLintCommand(program: Command, context: CommandContext): void {
  clusterOptions(program.command("lint"))
    .description("Check Rollouts: in files without a cluster, or those that a cluster has.")
    .option("-f, --filename <files...>", "files, folders, or - for standard input")
    .option("--live", "what the cluster has, and what its controller says about it")
    .option("-A, --all-namespaces", "with --live: of all namespaces")
    .action(async (flags: Flags) => {
      if ((flags.filename === undefined) === (flags.live !== true))
        throw new UsageError("want one of -f and --live");
      const checked =
        flags.filename === undefined
          ? await checkCluster(flags)
          : checkFiles(await readManifests(flags.filename, context.terminal));
      report(checked, context);
    });
}

function report({ rollouts, found }: Checked, { terminal }: CommandContext): void {
  for (const { where, problem } of found) terminal.out(`${where}: ${problem.field}: ${problem.message}\n`);
  if (found.length > 0) throw new CommandFailed("failed", `${plural(found.length, "problem")} found`);
  if (rollouts === 0) throw new UsageError("no Rollout in it");
  terminal.out(`${plural(rollouts, "Rollout")} checked, no problem found.\n`);
}

const API_VERSION = `${ROLLOUT_GROUP}/${ROLLOUT_VERSION}`;

function checkFiles(manifests: readonly Manifest[]): Checked {
  const ours = manifests.filter(({ object }) => object["kind"] === ROLLOUT_KIND);
  const targets = new Map<string, string>();
  const found = ours.flatMap((manifest) => {
    const problems = [...headProblems(manifest.object), ...specProblems(manifest.object["spec"])];
    const shared =
      problems.length === 0 ? sharedTarget(manifest.object as unknown as Rollout, targets) : null;
    return [...problems, ...(shared === null ? [] : [shared])].map((problem) => ({
      where: `${manifest.file}:${manifest.lineOf(problem.field)}`,
      problem,
    }));
  });
  return { rollouts: ours.length, found };
}

function headProblems(object: Manifest["object"]): readonly SpecProblem[] {
  const { apiVersion } = object;
  const { name } = (object["metadata"] ?? {}) as { readonly name?: unknown };
  return [
    ...(apiVersion === API_VERSION
      ? []
      : [{ field: "apiVersion", message: `${JSON.stringify(apiVersion)}: want ${API_VERSION}` }]),
    ...(typeof name === "string" && name !== "" ? [] : [{ field: "metadata.name", message: "is missing" }]),
  ];
}

function specProblems(spec: unknown): readonly SpecProblem[] {
  const reading = readSpec(spec);
  return reading.ok ? [] : reading.problems;
}

/** A target has one Rollout. */
function sharedTarget({ metadata, spec }: Rollout, targets: Map<string, string>): SpecProblem | null {
  const target = `${metadata.namespace ?? ""}/${spec.targetRef.name}`;
  const other = targets.get(target);
  targets.set(target, metadata.name);
  if (other === undefined || other === metadata.name) return null;
  return {
    field: "spec.targetRef.name",
    message: `Deployment ${spec.targetRef.name} is already released by Rollout ${other}; a target can have one Rollout`,
  };
}

function checkCluster(flags: Flags): Promise<Checked> {
  return withCluster(flags, async (session) => {
    const namespace = flags.allNamespaces === true ? undefined : namespaceOf(session, flags);
    const rollouts = await session.rollouts(namespace);
    const found = rollouts.flatMap((rollout) => {
      const where = `${rollout.metadata.namespace}/${rollout.metadata.name}`;
      const problems = specProblems(rollout.spec);
      return (problems.length > 0 ? problems : refusals(rollout)).map((problem) => ({ where, problem }));
    });
    return { rollouts: rollouts.length, found };
  });
}

/** What only the controller can know: a target that is missing, or that another Rollout has. */
function refusals({ status }: Rollout): readonly SpecProblem[] {
  const refused = status?.conditions?.find(
    ({ type, status: state }) => type === "Accepted" && state === "False",
  );
  return refused === undefined ? [] : [{ field: "Accepted", message: refused.message }];
}
