import { ROLLOUT_GROUP, ROLLOUT_KIND, ROLLOUT_VERSION } from "../api/kind.ts";
import { apexServiceOf } from "../api/names.ts";
import type { Finding } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import { sharedProblem } from "../api/shared.ts";
import type { RolloutSpec } from "../api/spec.ts";
import { readSpec, type SpecProblem } from "../api/validate.ts";
import type { ClusterFlags } from "./cluster.ts";
import { findingRemark, type Linted, problemRemark, type Remark, specProblems } from "./lint-remark.ts";
import type { Manifest } from "./manifests.ts";

type LintFlags = Pick<ClusterFlags, "namespace"> & { readonly rootNamespace: string };

const API_VERSION = `${ROLLOUT_GROUP}/${ROLLOUT_VERSION}`;

/** What is to be said of the Rollouts in files, and of the objects beside them. */
export async function lintManifests(manifests: readonly Manifest[], flags: LintFlags): Promise<Linted> {
  const placed = manifests.map((manifest) => ({
    ...manifest,
    object: inNamespace(manifest, flags.namespace),
  }));
  const remarks: Remark[] = [];
  const unseen: string[] = [];
  const ours = placed.filter(({ object }) => object.kind === ROLLOUT_KIND);
  const rollouts = ours.map(({ object }) => object as unknown as Rollout);
  for (const manifest of ours) {
    const rollout = manifest.object as unknown as Rollout;
    const problems = [...headProblems(rollout), ...specProblems(rollout.spec)];
    const shared = problems.length === 0 ? sharedWith(rollout, rollouts) : null;
    const around = problems.length === 0 ? await lintAround(rollout, placed, flags) : null;
    const all = [...problems, ...(shared === null ? [] : [shared]), ...(around?.problems ?? [])];
    remarks.push(...all.map((problem) => problemRemark(lineIn(manifest, problem.field), problem)));
    remarks.push(...(around?.findings ?? []).map((it) => findingRemark(whereIs(it, placed, manifest), it)));
    unseen.push(...(around?.unseen ?? []));
  }
  return { rollouts: ours.length, remarks: withoutTwins(remarks), unseen };
}

async function lintAround(rollout: Rollout, placed: readonly Placed[], { rootNamespace }: LintFlags) {
  const reading = readSpec(rollout.spec);
  if (!reading.ok) return null;
  const { lintFiles } = await import("../app/lint-files.ts");
  const objects = placed.map(({ object }) => object);
  return lintFiles({ ...rollout, spec: reading.spec }, objects, rootNamespace);
}

interface Placed extends Omit<Manifest, "object"> {
  readonly object: Pick<Rollout, "apiVersion" | "kind" | "metadata">;
}

/** Objects without a namespace are in the given one; kinds without any have none. */
function inNamespace({ object }: Manifest, namespace = "default"): Placed["object"] {
  const metadata = (object["metadata"] ?? {}) as Rollout["metadata"];
  const place = object["kind"] === "Namespace" ? {} : { namespace };
  return { ...object, metadata: { ...place, ...metadata } } as Placed["object"];
}

function lineIn(manifest: Placed, field: string): string {
  return `${manifest.file}:${manifest.lineOf(field)}`;
}

/** Where it can be mended: what Sluice would make is mended in the Rollout. */
function whereIs(
  { object: { kind, namespace, name }, field }: Finding,
  all: readonly Placed[],
  rollout: Placed,
): string {
  const found = all.find(({ object }) => {
    const { metadata } = object;
    return object.kind === kind && metadata.name === name && metadata.namespace === namespace;
  });
  return found === undefined ? lineIn(rollout, "spec") : lineIn(found, field);
}

function headProblems({ apiVersion, metadata }: Rollout): readonly SpecProblem[] {
  const { name } = metadata as { readonly name?: unknown };
  return [
    ...(apiVersion === API_VERSION
      ? []
      : [{ field: "apiVersion", message: `${JSON.stringify(apiVersion)}: want ${API_VERSION}` }]),
    ...(typeof name === "string" && name !== "" ? [] : [{ field: "metadata.name", message: "is missing" }]),
  ];
}

/** Of its target and its host there is one Rollout. */
function sharedWith(rollout: Rollout, rollouts: readonly Rollout[]): SpecProblem | null {
  const reading = readSpec(rollout.spec);
  if (!reading.ok) return null;
  const near = rollouts.filter(({ metadata }) => metadata.namespace === rollout.metadata.namespace);
  const ofSame = (nameOf: (spec: Partial<RolloutSpec>) => string | undefined) =>
    near.filter(({ spec }) => nameOf(spec) === nameOf(reading.spec));
  return sharedProblem(rollout, reading.spec, {
    ofTarget: ofSame(({ targetRef }) => targetRef?.name),
    ofService: ofSame(apexServiceOf),
  });
}

/** Several Rollouts may meet the same object of others. */
function withoutTwins(remarks: readonly Remark[]): readonly Remark[] {
  return [...new Map(remarks.map((it) => [`${it.where} ${it.text}`, it])).values()];
}
