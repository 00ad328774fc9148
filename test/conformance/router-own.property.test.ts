import fc from "fast-check";
import { applyPatch, type Operation } from "rfc6902";
import { expect, test } from "vitest";
import type { HttpRoute, VirtualService } from "../../src/kube/kind/network.ts";
import { trafficPatch } from "../../src/router/istio/own-patch.ts";
import { selectRoutes } from "../../src/router/istio/own-selection.ts";
import type { RouteContext, Traffic } from "../../src/router/router.ts";
import { isVirtualService } from "../support/istio-schema.ts";
import { aRollout, aRouteContext } from "../support/rollout-objects.ts";
import { NONE } from "../support/router-bench.ts";

/** Whatever a VirtualService says, a run leaves it byte for byte as it was, and meanwhile changes only what is ours. */

/** `__proto__` is left out: the library that plays the API server here (rfc6902) drops members of that name. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value), (key, it) => (key === "__proto__" ? undefined : it)));
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
/** Members of a route that nobody here knows; their names cannot be those that we read. */
const unknown = fc.dictionary(
  word.map((name) => `x-${name}`),
  json,
  { maxKeys: 2 },
);
const host = (name: string) => fc.constantFrom(name, `${name}.shop`, `${name}.shop.svc.cluster.local`);

function destination(name: string, weight: fc.Arbitrary<number | undefined>) {
  return fc
    .record({ more: unknown, host: host(name), port: fc.option(fc.constant(80)), weight })
    .map(({ more, host: at, port, weight: share }) => ({
      ...more,
      destination: { host: at, ...(port === null ? {} : { port: { number: port } }) },
      ...(share === undefined ? {} : { weight: share }),
    }));
}

const primaryHost = fc.constantFrom("checkout", "checkout-primary");
const none = fc.constant(undefined);
/** The forms in which a route may stand between runs. */
const ours = primaryHost.chain((name) =>
  fc.oneof(
    fc.tuple(destination(name, fc.constantFrom(undefined, 1, 50, 100))),
    fc.tuple(
      destination(name, fc.constantFrom(1, 7, 100)),
      destination("checkout-canary", fc.constantFrom(undefined, 0)),
    ),
    fc.tuple(destination("checkout-canary", fc.constant(0)), destination(name, fc.constant(100))),
    fc.tuple(destination(name, fc.constant(70)), destination("legacy", fc.constant(30))),
  ),
);
const settings = fc.record(
  {
    match: fc.array(fc.constantFrom({ uri: { prefix: "/a" } }, { method: { exact: "GET" } }), {
      minLength: 1,
      maxLength: 2,
    }),
    timeout: fc.constantFrom("1s", "0.5s"),
    mirror: fc.constant({ host: "audit" }),
    mirrorPercentage: fc.constant({ value: 0.1 }),
    headers: fc.constant({ request: { set: { a: "b" } } }),
  },
  { requiredKeys: [] },
);
const weighted = fc
  .tuple(unknown, settings, ours)
  .map(([more, said, route]) => ({ ...more, ...said, route }));
const foreign = fc
  .tuple(unknown, fc.oneof(none, word), destination("elsewhere", none))
  .map(([more, name, it]) => ({ ...(name === undefined ? {} : { name }), ...more, route: [it] }));
const virtualService: fc.Arbitrary<VirtualService> = fc
  .record({
    before: fc.array(foreign, { maxLength: 2 }),
    main: weighted,
    after: fc.array(foreign, { maxLength: 2 }),
    tcp: fc.option(ours.map((route) => [{ match: [{ port: 6379 }], route }])),
    more: unknown,
    annotations: fc.option(fc.dictionary(word, word, { maxKeys: 2 })),
  })
  .map(({ before, main, after, tcp, more, annotations }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "edge", namespace: "shop", ...(annotations === null ? {} : { annotations }) },
    spec: {
      ...more,
      hosts: ["checkout"],
      http: [...before, { ...main, name: "main" }, ...after] as unknown as readonly HttpRoute[],
      ...(tcp === null ? {} : { tcp }),
    },
  }));

const traffic: fc.Arbitrary<Traffic> = fc.record({
  canaryWeight: fc.integer({ min: 0, max: 100 }),
  shadowPercent: fc.constantFrom(0, 0, 30, 100),
  reserved: fc.boolean(),
});
const run = { id: 7, revision: "6d5f8c" };
const ENTRY = { name: "edge", routes: ["main"] };
const context: fc.Arbitrary<RouteContext> = fc
  .record({ canaryMatch: fc.boolean(), sessionAffinity: fc.boolean(), shadow: fc.boolean() })
  .map(({ canaryMatch, sessionAffinity, shadow }) =>
    aRouteContext(
      aRollout(
        {
          traffic: {
            istio: {
              virtualServices: [ENTRY],
              ...(canaryMatch ? { canaryMatch: [{ headers: { a: { exact: "b" } } }] } : {}),
              ...(sessionAffinity ? { sessionAffinity: {} } : {}),
            },
          },
          ...(shadow ? { shadow: { duration: "1m" } } : {}),
        },
        { status: { phase: "Progressing", canaryWeight: 0, run } as never },
      ),
    ),
  );

function carrying(object: VirtualService, where: RouteContext, wanted: Traffic): VirtualService {
  const { routes, problem } = selectRoutes(object, ENTRY, where);
  expect(problem).toBeNull();
  const copy = structuredClone(object);
  const failures = applyPatch(copy, trafficPatch(object, routes, where, wanted) as Operation[]);
  expect(failures.filter((it) => it !== null)).toEqual([]);
  return copy;
}

/** The object without what may differ in a run: our routes, weights, a canary that was added, our annotation. */
function others({ metadata, spec }: VirtualService): unknown {
  const { "sluice.dev/before": _, ...annotations } = metadata.annotations ?? {};
  const withoutWeights = (route: { readonly route?: readonly unknown[] }) => ({
    ...route,
    route: route.route
      ?.map((it) => ({ ...(it as object), weight: null }) as unknown as { destination: { host: string } })
      .filter((it) => !it.destination.host.startsWith("checkout-canary")),
  });
  const http = spec.http?.filter(({ name }) => name?.startsWith("sluice-checkout-") !== true);
  return {
    annotations,
    spec: { ...spec, http: http?.map(withoutWeights), tcp: spec.tcp?.map(withoutWeights) },
  };
}

/** Of every route with ours: the weights, those of others among them. */
function sums({ spec }: VirtualService): readonly number[] {
  return [...(spec.http ?? []), ...(spec.tcp ?? [])].map(({ route = [] }) =>
    route.length === 1 ? 100 : route.reduce((sum, { weight = 0 }) => sum + weight, 0),
  );
}

test("a run leaves any VirtualService byte for byte as it was, and changes only what is ours meanwhile", () => {
  fc.assert(
    fc.property(virtualService, context, fc.array(traffic, { maxLength: 4 }), (before, where, steps) => {
      let now = before;
      for (const step of steps) {
        now = carrying(now, where, step);
        expect(others(now)).toEqual(others(before));
        if (step.canaryWeight > 0) expect(new Set(sums(now))).toEqual(new Set([100]));
        const { routes } = selectRoutes(now, ENTRY, where);
        expect(trafficPatch(now, routes, where, step)).toEqual([]);
        expect(trafficPatch(now, routes, where, null)).toEqual([]);
      }
      expect(textOf(carrying(now, where, NONE))).toBe(textOf(before));
    }),
    { numRuns: 150 },
  );
});

/** As it is stored: without annotations where there are none. */
function textOf({ metadata, ...rest }: VirtualService): string {
  const { annotations = {}, ...others } = metadata;
  return JSON.stringify({ ...rest, metadata: others, annotations });
}

/** Without the members that Istio's schema does not know either. */
function known(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !name.startsWith("x-"));
  return Object.fromEntries(members.map(([name, member]) => [name, known(member)]));
}

test("what a run makes of a valid VirtualService is valid by Istio's own schema, and its weights are", () => {
  fc.assert(
    fc.property(
      virtualService,
      context,
      fc.array(traffic, { minLength: 1, maxLength: 4 }),
      (drawn, where, steps) => {
        const before = { ...drawn, spec: known(drawn.spec) as VirtualService["spec"] };
        expect(isVirtualService(before.spec) ? [] : isVirtualService.errors).toEqual([]);
        let now = before;
        for (const step of steps) {
          now = carrying(now, where, step);
          expect(isVirtualService(now.spec) ? [] : isVirtualService.errors).toEqual([]);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("what somebody sets anew in the middle of a run is what the run gives back", () => {
  fc.assert(
    fc.property(virtualService, virtualService, context, traffic, (before, edited, where, step) => {
      fc.pre(step.canaryWeight > 0);
      const during = carrying(before, where, step);
      // As `kubectl apply` does it: the spec is the file's, and annotations that it does not know stay.
      const applied = { ...during, spec: edited.spec };
      const again = carrying(applied, where, step);
      const after = carrying(again, where, NONE);
      expect(JSON.stringify(after.spec)).toBe(JSON.stringify(edited.spec));
    }),
    { numRuns: 100 },
  );
});
