import { expect } from "vitest";
import type { HttpRoute } from "../../src/kube/kind/network.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import type { WithSpec } from "./guide-checks.ts";
import type { Played } from "./guide-story.ts";

/** That all in which objects of a run differ from Git is what Argo CD is told not to compare. */
export function expectNoDifference({ written }: Played, objects: readonly AnyObject[]): void {
  const { ignoreDifferences } = application(objects);
  for (const { kind, name, jqPathExpressions } of ignoreDifferences) {
    const git = objects.find((it) => it.kind === kind && it.metadata.name === name);
    const compared = (object: unknown) =>
      jqPathExpressions.reduce((rest, path) => IGNORING[path]!(rest), object as WithSpec).spec;
    expect(written(kind, name).length).toBeGreaterThan(1);
    for (const version of written(kind, name)) expect(compared(version)).toEqual(compared(git));
  }
}

function application(objects: readonly AnyObject[]): ApplicationSpec {
  const found = objects.find(({ kind }) => kind === "Application") as AnyObject & WithSpec;
  return found.spec as unknown as ApplicationSpec;
}

interface ApplicationSpec {
  readonly ignoreDifferences: readonly {
    readonly kind: string;
    readonly name: string;
    readonly jqPathExpressions: readonly string[];
  }[];
}

/** What Argo CD takes out of both sides before it compares them, in words of this language. */
const IGNORING: Readonly<Record<string, (object: WithSpec) => WithSpec>> = {
  ".spec.http[].route": ({ spec }) => ({
    spec: { ...spec, http: routesOf(spec).map(({ route: _, ...it }) => it) },
  }),
  '.spec.http[] | select((.name // "") | startswith("sluice-"))': ({ spec }) => ({
    spec: { ...spec, http: routesOf(spec).filter(({ name = "" }) => !name.startsWith("sluice-")) },
  }),
  ".spec.subsets[].labels": ({ spec }) => ({
    spec: {
      ...spec,
      subsets: (spec["subsets"] as readonly { readonly labels?: unknown }[]).map(
        ({ labels: _, ...it }) => it,
      ),
    },
  }),
};

function routesOf(spec: WithSpec["spec"]): readonly HttpRoute[] {
  return (spec["http"] ?? []) as readonly HttpRoute[];
}
