import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServicePort } from "../../src/kube/kind/network.ts";
import { buildDestinationRuleSpec } from "../../src/router/istio/destination-rule.ts";
import { buildVirtualServiceSpec } from "../../src/router/istio/virtual-service.ts";
import type { RouteContext, Traffic } from "../../src/router/router.ts";
import { isDestinationRule, isVirtualService } from "../support/istio-schema.ts";
import { aRollout, aRouteContext } from "../support/rollout-objects.ts";

/** Whatever a Rollout may say, what we write of it is valid for Istio, weights included. */

/** Istio's CEL rule on durations: `duration(self) >= duration('1ms')`. */
function zeroDurations(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    ["timeout", "perTryTimeout", "maxAge", "backoff", "fixedDelay"].includes(name) &&
    !/[1-9]/.test(String(member))
      ? [name]
      : zeroDurations(member),
  );
}

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const durationText = fc.constantFrom("0s", "1ms", "250ms", "3s", "1m30s", "24h", "0h0m5s");
const stringMatch = fc.oneof(
  fc.record({ exact: word }),
  fc.record({ prefix: word }),
  fc.record({ regex: fc.constantFrom(".*", "^/api/v[0-9]+$") }),
);
const matchMap = fc.dictionary(word, stringMatch, { maxKeys: 2 });
const headerOperations = fc.record(
  {
    set: fc.dictionary(word, word, { maxKeys: 2 }),
    add: fc.dictionary(word, word, { maxKeys: 2 }),
    remove: fc.array(word, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const httpMatch = fc.record(
  {
    uri: stringMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: matchMap,
    queryParams: matchMap,
    withoutHeaders: matchMap,
    ignoreUriCase: fc.boolean(),
    port: fc.integer({ min: 1, max: 65_535 }),
    gateways: fc.array(word, { maxLength: 2 }),
    sourceLabels: fc.dictionary(word, word, { maxKeys: 2 }),
    sourceNamespace: word,
  },
  { requiredKeys: [] },
);
const istio = fc.record(
  {
    hosts: fc.array(
      fc.oneof(
        fc.constant("*.example.com"),
        word.map((name) => `${name}.example.com`),
      ),
      { maxLength: 3 },
    ),
    gateways: fc.array(
      fc.oneof(
        fc.constant("mesh"),
        word.map((name) => `istio-system/${name}`),
      ),
      { maxLength: 2 },
    ),
    match: fc.array(httpMatch, { maxLength: 3 }),
    canaryMatch: fc.array(httpMatch, { maxLength: 2 }),
    primaryMatch: fc.array(httpMatch, { maxLength: 2 }),
    retries: fc.record(
      {
        attempts: fc.integer({ min: 0, max: 100 }),
        perTryTimeout: durationText,
        backoff: durationText,
        retryOn: fc.constantFrom("5xx", "connect-failure,refused-stream"),
        retryRemoteLocalities: fc.boolean(),
      },
      { requiredKeys: ["attempts"] },
    ),
    timeout: durationText,
    rewrite: fc.constantFrom<object>(
      {},
      { uri: "/" },
      { authority: "a.example.com" },
      { uriRegexRewrite: { match: "^/a/(.*)$", rewrite: "/\\1" } },
    ),
    fault: fc.record(
      {
        delay: fc.record(
          { fixedDelay: durationText, percentage: fc.record({ value: fc.constantFrom(0, 0.1, 100) }) },
          { requiredKeys: ["fixedDelay"] },
        ),
        abort: fc.record({ httpStatus: fc.integer({ min: 200, max: 599 }) }),
      },
      { requiredKeys: [] },
    ),
    delegation: fc.boolean(),
    exportTo: fc.array(fc.constantFrom(".", "*", "shop"), { maxLength: 2 }),
    sessionAffinity: fc.record(
      {
        cookieName: fc.constantFrom("side", "a_b-c"),
        maxAge: fc.constantFrom("1s", "24h"),
        domain: fc.constant("example.com"),
        secure: fc.boolean(),
        sameSite: fc.constantFrom("Strict", "Lax", "None"),
      },
      { requiredKeys: [] },
    ),
    headers: fc.record({ request: headerOperations, response: headerOperations }, { requiredKeys: [] }),
    corsPolicy: fc.record(
      {
        allowOrigins: fc.array(stringMatch, { maxLength: 2 }),
        allowMethods: fc.array(fc.constantFrom("GET", "POST"), { maxLength: 2 }),
        allowHeaders: fc.array(word, { maxLength: 2 }),
        exposeHeaders: fc.array(word, { maxLength: 2 }),
        maxAge: durationText,
        allowCredentials: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    trafficPolicy: fc.constantFrom(
      {},
      { tls: { mode: "ISTIO_MUTUAL" } },
      {
        loadBalancer: { simple: "LEAST_REQUEST" },
        outlierDetection: { consecutive5xxErrors: 5, interval: "5s" },
      },
      {
        connectionPool: {
          http: { http2MaxRequests: 1000 },
          tcp: { maxConnections: 100, connectTimeout: "30ms" },
        },
      },
    ),
  },
  { requiredKeys: [] },
);
const run = { id: 7, revision: "6d5f8c" };
const shadow = fc.record({
  duration: fc.constant("5m"),
  methods: fc.constantFrom(["*"], ["GET"], ["GET", "HEAD", "OPTIONS"]),
});
const context: fc.Arbitrary<RouteContext> = fc
  .tuple(istio, shadow)
  .map(([spec, mirroring]) =>
    aRouteContext(
      aRollout(
        { traffic: { istio: spec }, shadow: mirroring },
        { status: { phase: "Progressing", canaryWeight: 0, run } as never },
      ),
    ),
  );
const port = fc.record({
  name: fc.constantFrom("http", "grpc-api", "tcp", "tcp-redis", "tls", "web"),
  port: fc.integer({ min: 1, max: 65_535 }),
});
const ports: fc.Arbitrary<readonly ServicePort[]> = fc.uniqueArray(port, {
  minLength: 1,
  maxLength: 3,
  selector: (it) => it.port,
});
const traffic: fc.Arbitrary<Traffic> = fc.record({
  canaryWeight: fc.integer({ min: 0, max: 100 }),
  shadowPercent: fc.integer({ min: 0, max: 100 }),
  reserved: fc.boolean(),
});

describe("what the Istio router writes", () => {
  it("is valid for Istio's schema of VirtualServices, with weights that sum to 100", () => {
    fc.assert(
      fc.property(context, traffic, ports, (where, said, served) => {
        const written = buildVirtualServiceSpec(where, said, served);
        expect(isVirtualService(written) ? [] : isVirtualService.errors).toEqual([]);
        expect(zeroDurations(written)).toEqual([]);
        for (const { route } of [...(written.http ?? []), ...(written.tcp ?? [])]) {
          const weights = route?.map(({ weight }) => weight);
          expect([[100 - said.canaryWeight, said.canaryWeight], [100]]).toContainEqual(weights);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("is valid for Istio's schema of DestinationRules", () => {
    fc.assert(
      fc.property(context, (where) => {
        const rule = buildDestinationRuleSpec(where, "checkout-primary");
        expect(isDestinationRule(rule) ? [] : isDestinationRule.errors).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("would be caught where it is not", () => {
    expect(isVirtualService({ hosts: ["a"], http: [{ rout: [] }] })).toBe(false);
    expect(isVirtualService({ hosts: ["a"], http: [{ route: [{ destination: {}, weight: 1 }] }] })).toBe(
      false,
    );
    expect(isDestinationRule({ trafficPolicy: { tls: { mode: "MAYBE" } } })).toBe(false);
    expect(zeroDurations({ http: [{ timeout: "0s" }] })).toEqual(["timeout"]);
  });
});
