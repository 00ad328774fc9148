import fc from "fast-check";
import { applyPatch, type Operation } from "rfc6902";
import { expect, test } from "vitest";
import { Cache } from "../../src/kube/cache.ts";
import type { Client, Patch } from "../../src/kube/client.ts";
import type { DestinationRule } from "../../src/kube/kind/network.ts";
import { DESTINATION_RULE, ENDPOINT_SLICE, POD, SERVICE } from "../../src/kube/resources.ts";
import { GITOPS_GUARDS } from "../../src/router/guards.ts";
import { BEFORE_ANNOTATION } from "../../src/router/istio/route-memory.ts";
import { Subsets } from "../../src/router/istio/subsets.ts";
import type { RouteContext } from "../../src/router/router.ts";
import { schemaErrors } from "../support/istio-schema.ts";
import { aRollout, aRouteContext } from "../support/rollout-objects.ts";

/** Whatever a DestinationRule says, its subsets are labelled and nothing else, and in the end it is what it was. */

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const labels = fc.option(fc.dictionary(word, word, { maxKeys: 2 }), { nil: undefined });
const policy = fc.option(
  fc.constantFrom<Named["trafficPolicy"]>(
    { tls: { mode: "ISTIO_MUTUAL" } },
    { loadBalancer: { simple: "LEAST_REQUEST" } },
    { connectionPool: { tcp: { maxConnections: 10 } }, outlierDetection: { consecutive5xxErrors: 5 } },
  ),
  { nil: undefined },
);
const subset = (name: fc.Arbitrary<string>) =>
  fc.record({ name, labels, trafficPolicy: policy }).map((it) => JSON.parse(JSON.stringify(it)) as Named);
const others = fc.uniqueArray(subset(word.map((name) => `x${name}`)), {
  maxLength: 2,
  selector: ({ name }) => name,
});
const ours = fc.tuple(subset(fc.constant("stable")), subset(fc.constant("canary")));
const rule: fc.Arbitrary<DestinationRule> = fc
  .record({
    subsets: fc
      .tuple(others, ours)
      .chain(([theirs, mine]) => fc.shuffledSubarray([...theirs, ...mine], { minLength: theirs.length + 2 })),
    trafficPolicy: policy,
    annotations: fc.option(fc.dictionary(word, word, { maxKeys: 2 }), { nil: undefined }),
  })
  .map(({ subsets, trafficPolicy, annotations }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "rule", namespace: "shop", resourceVersion: "1", ...(annotations && { annotations }) },
    spec: { host: "checkout", ...(trafficPolicy === undefined ? {} : { trafficPolicy }), subsets },
  }));

type Named = NonNullable<DestinationRule["spec"]["subsets"]>[number];

/** What a run, a second revision, a deletion do, in any order and number. */
const STEPS = {
  serve: (it: Subsets, context: RouteContext) => it.pointApex(context, "primary"),
  pin: (it: Subsets, context: RouteContext) => it.pinCanary(context, "6d5f8c"),
  overtake: (it: Subsets, context: RouteContext) => it.pinCanary(context, "79b4d"),
  rest: (it: Subsets, context: RouteContext) => it.ensure(context),
};
const steps = fc.array(fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])), { maxLength: 6 });

const CONTEXT = aRouteContext(
  aRollout({
    traffic: {
      istio: { destinationRule: { name: "rule", primarySubset: "stable", canarySubset: "canary" } },
    },
  }),
);

/** The one object, and whoever serves it. */
class Stored {
  readonly rules = new Cache(DESTINATION_RULE);
  writes = 0;

  constructor(first: DestinationRule) {
    this.rules.replace({ items: [first], resourceVersion: "1" });
  }

  get now(): DestinationRule {
    return this.rules.list()[0]!;
  }

  readonly client = {
    patch: async (_resource: unknown, _key: unknown, { operations }: Extract<Patch, { type: "json" }>) => {
      const copy = structuredClone(this.now);
      const failures = applyPatch(copy, structuredClone(operations) as Operation[]);
      expect(failures.filter((it) => it !== null)).toEqual([]);
      this.writes += 1;
      const metadata = { ...copy.metadata, resourceVersion: String(this.writes + 1) };
      this.rules.observe({ type: "MODIFIED", object: { ...copy, metadata } });
    },
  } as unknown as Client;
}

test("labels of two subsets are all that is ever changed, and are given back", async () => {
  await fc.assert(
    fc.asyncProperty(rule, steps, async (before, taken) => {
      expect(schemaErrors([before])).toEqual([]);
      const stored = new Stored(before);
      const subsets = new Subsets({
        client: stored.client,
        destinationRules: stored.rules,
        services: new Cache(SERVICE),
        endpointSlices: new Cache(ENDPOINT_SLICE),
        pods: new Cache(POD),
      });
      for (const step of taken) {
        await STEPS[step](subsets, CONTEXT);
        expect(unlabelled(stored.now)).toEqual(unlabelled(before));
        expect(schemaErrors([stored.now])).toEqual([]);
        const { writes } = stored;
        await STEPS[step](subsets, CONTEXT);
        expect(stored.writes).toBe(writes);
      }
      await subsets.remove(CONTEXT);
      await subsets.pointApex(CONTEXT, "target");
      expect(textOf(stored.now)).toBe(textOf(withServingLabels(before, taken.includes("serve"))));
    }),
    { numRuns: 150 },
  );
});

/** Without the labels of our two subsets, and without what is remembered of them. */
function unlabelled({ metadata, spec }: DestinationRule): unknown {
  const isTheirs = ([name]: readonly [string, unknown]) =>
    name !== BEFORE_ANNOTATION && !Object.hasOwn(GITOPS_GUARDS, name);
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(isTheirs));
  const subsets = spec.subsets?.map((it) =>
    it.name === "stable" || it.name === "canary" ? { ...it, labels: undefined } : it,
  );
  return { annotations, spec: { ...spec, subsets } };
}

/** A primary's subset that says labels which the target's pods do not have is given the target's: it would be empty. */
function withServingLabels(before: DestinationRule, hasServed: boolean): DestinationRule {
  const isEmpty = (it: Named) =>
    it.name === "stable" &&
    Object.entries(it.labels ?? {}).some(([key, value]) => key !== "app" || value !== "checkout");
  const subsets = before.spec.subsets?.map((it) =>
    isEmpty(it) ? { ...it, labels: { app: "checkout" } } : it,
  );
  return hasServed ? { ...before, spec: { ...before.spec, subsets: subsets ?? [] } } : before;
}

function textOf({ metadata: { annotations = {} }, spec }: DestinationRule): string {
  const subsets = spec.subsets?.map(({ name, ...it }) => [name, Object.entries(it).toSorted()]);
  return JSON.stringify({ annotations, spec: { ...spec, subsets } });
}
