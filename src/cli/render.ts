import { type Command, InvalidArgumentError } from "commander";
import { stringify } from "yaml";
import { ROLLOUT_KIND } from "../api/kind.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Place, Sources, WrittenPatch } from "../app/render.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Manifest, readManifests } from "./manifests.ts";
import { UsageError } from "./terminal.ts";

/** `sluice render`: what Sluice would write, without a cluster. */
export function addRenderCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("render")
    .description("Print the objects that Sluice would make for the Rollouts in files, without a cluster.")
    .requiredOption(
      "-f, --filename <files...>",
      "files, folders, or - for standard input; they must hold the target Deployment too",
    )
    .option("-n, --namespace <namespace>", "of objects that name none", "default")
    .option(
      "--during <place>",
      "as in a run instead of at rest, routes by match included: shadow, or the canary's weight",
      parsePlace,
    )
    .action(async (flags: Flags) => {
      const manifests = await readManifests(flags.filename, terminal);
      const rollouts = manifests.filter(({ object }) => object["kind"] === ROLLOUT_KIND);
      if (rollouts.length === 0) throw new UsageError("no Rollout in it");
      const { render } = await import("../app/render.ts");
      for (const manifest of rollouts) {
        const rendering = await render(sourcesOf(manifest, manifests, flags.namespace), flags.during ?? null);
        if (!rendering.ok) {
          const { field, message } = rendering.problem;
          throw new CommandFailed(
            "failed",
            `${manifest.file}:${manifest.lineOf(field)}: ${field}: ${message}`,
          );
        }
        if (rendering.adopts !== null) terminal.out(`# ${rendering.adopts}\n`);
        if (rendering.routesProblem !== null)
          terminal.out(`# Going by these files, no run can start: ${rendering.routesProblem}\n`);
        for (const object of rendering.objects) terminal.out(`---\n${stringify(object)}`);
        for (const patch of rendering.patches) terminal.out(patchText(patch));
      }
    });
}

/** As comments: what is printed can still be applied. */
function patchText({ of, operations }: WrittenPatch): string {
  const lines = stringify(operations).trimEnd().split("\n");
  return [
    `---`,
    `# JSON patch of ${of}, which stays yours; the end of the run takes it back:`,
    ...lines.map((line) => `# ${line}`),
    "",
  ].join("\n");
}

interface Flags {
  readonly filename: readonly string[];
  readonly namespace: string;
  readonly during?: Place;
}

function parsePlace(text: string): Place {
  if (text === "shadow") return text;
  const weight = Number(text);
  if (text === "" || !Number.isInteger(weight) || weight < 0 || weight > 100)
    throw new InvalidArgumentError("want shadow, or a weight from 0 to 100");
  return weight;
}

interface Loose {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown };
}

/** What belongs to one Rollout; objects without a namespace are in the given one. */
function sourcesOf(manifest: Manifest, all: readonly Manifest[], namespace: string): Sources {
  const placed = all.map(({ object }) => ({
    ...object,
    metadata: { namespace, ...(object as Loose).metadata },
  }));
  const rollout = placed[all.indexOf(manifest)] as unknown as Rollout;
  const find = (kind: string, name: string | undefined) =>
    placed.find(
      (object: Loose) =>
        object.kind === kind &&
        object.metadata?.name === name &&
        object.metadata?.namespace === rollout.metadata.namespace,
    ) as unknown;
  const { targetRef, service, traffic } = (rollout.spec ?? {}) as Partial<Rollout["spec"]>;
  const { virtualServices = [], destinationRule } = traffic?.istio ?? {};
  const routes = [
    ...virtualServices.map(({ name }) => find("VirtualService", name)),
    ...(destinationRule === undefined ? [] : [find("DestinationRule", destinationRule.name)]),
  ];
  return {
    rollout,
    target: find("Deployment", targetRef?.name) as Sources["target"],
    apex: find("Service", service?.name ?? targetRef?.name) as Sources["apex"],
    routes: routes.filter((it) => it !== undefined) as unknown as NonNullable<Sources["routes"]>,
  };
}
