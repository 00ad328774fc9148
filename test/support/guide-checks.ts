import { expect } from "vitest";
import type { Rollout } from "../../src/api/rollout.ts";
import type { HttpRoute, VirtualService } from "../../src/kube/kind/network.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import { type Ran, sluice } from "./command-line.ts";
import type { Played } from "./guide-story.ts";
import { PinnedClock } from "./pinned-clock.ts";

/** What is asked of everything that a guide has applied. */

export interface WithSpec {
  readonly spec: Readonly<Record<string, unknown>>;
}

export async function lint(objects: readonly AnyObject[]): Promise<Ran> {
  const input = objects.map((it) => `---\n${JSON.stringify(it)}\n`).join("");
  return sluice(["lint", "-f", "-"], { clock: new PinnedClock("2026-01-05T09:04:10Z"), input });
}

/** What the condition says, each thing once. */
export function preflight({ written }: Played): readonly string[] {
  const conditions = written<Rollout>("Rollout", "checkout").flatMap(
    ({ status }) => status?.conditions ?? [],
  );
  return [...new Set(conditions.filter(({ type }) => type === "Preflight").map(({ message }) => message))];
}

/** VirtualServices of the user are in the end what they were. */
export function expectRoutesGivenBack({ written }: Played, objects: readonly AnyObject[]): void {
  for (const object of objects.filter(({ kind }) => kind === "VirtualService")) {
    const version = written<VirtualService>("VirtualService", object.metadata.name).at(-1);
    if (version === undefined) continue;
    expect(version.spec).toEqual((object as AnyObject & WithSpec).spec);
    expect(version.metadata.annotations).toBeUndefined();
  }
}

/** The canary's weights in the last route of each version, in order, without repetitions. */
export function weights(written: Played["written"], name: string): readonly number[] {
  const all = written<VirtualService>("VirtualService", name).map(({ spec }) =>
    canaryWeight(spec.http?.at(-1)),
  );
  return all.filter((weight, index) => weight !== all[index - 1]);
}

function canaryWeight(route: HttpRoute | undefined): number {
  return route?.route?.find(({ destination }) => destination.host === "checkout-canary")?.weight ?? 0;
}
