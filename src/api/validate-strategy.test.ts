import { describe, expect, it } from "vitest";
import { readSpec } from "./validate.ts";

function problemsOf(spec: Record<string, unknown>): readonly string[] {
  const reading = readSpec({
    targetRef: { name: "checkout" },
    service: { port: 80 },
    traffic: { istio: {} },
    ...spec,
  });
  return reading.ok ? [] : reading.problems.map(({ field, message }) => `${field}: ${message}`);
}

const steps = [{ weight: 10 }];
const ab = { match: [{ headers: { "x-tester": { exact: "yes" } } }], duration: "10m" };
const blueGreen = { previewMatch: ab.match, duration: "10m" };

describe("how a spec wants to release", () => {
  it.each([{ steps }, { ramp: { by: 10, every: "1m" } }, { ab }, { blueGreen }])("is one way: %o", (spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  it("is never none, and never two", () => {
    expect(problemsOf({})).toEqual([
      "spec.steps: none is set; exactly one of steps, ramp, ab and blueGreen must be",
    ]);
    expect(problemsOf({ steps, blueGreen })).toEqual([
      "spec.blueGreen: steps and blueGreen are set; exactly one of steps, ramp, ab and blueGreen must be",
    ]);
  });

  it("by match takes requests that can be told apart", () => {
    const service = { port: 6379, portName: "tcp-redis" };
    const analysis = { metrics: [{ name: "errors", query: "sum(x)", max: 1 }] };
    expect(problemsOf({ ab, service, analysis })).toEqual([
      "spec.ab: port 6379 is TCP (tcp-redis), and only HTTP requests can be told apart; use steps or ramp",
    ]);
  });

  it("by match needs somebody who matches, and a gateway that is there", () => {
    expect(problemsOf({ ab: { ...ab, match: [] } })[0]).toContain("spec.ab.match");
    const previewMatch = [{ gateways: ["istio-system/public"] }];
    expect(problemsOf({ blueGreen: { ...blueGreen, previewMatch } })[0]).toContain(
      "spec.blueGreen.previewMatch[0].gateways: istio-system/public is not one of mesh",
    );
  });

  it("by match goes without affinity, which is by weight", () => {
    expect(problemsOf({ blueGreen, traffic: { istio: { sessionAffinity: {} } } })).toEqual([
      "spec.traffic.istio.sessionAffinity: assigns clients by weight, and blueGreen has none; take one of the two away",
    ]);
  });

  it("with shadow traffic mirrors something: gRPC calls are POST", () => {
    const service = { port: 80, portName: "grpc" };
    const shadow = { duration: "5m" };
    expect(problemsOf({ steps, service, shadow })[0]).toContain(
      "spec.shadow.methods: GET, HEAD, OPTIONS mirror nothing of a gRPC service",
    );
    expect(problemsOf({ steps, service, shadow: { ...shadow, methods: ["POST"] } })).toEqual([]);
    const traffic = { istio: { match: [{ method: { exact: "POST" } }] } };
    expect(problemsOf({ steps, shadow, traffic })).toEqual([
      "spec.shadow.methods: GET, HEAD, OPTIONS are not taken by spec.traffic.istio.match, so nothing would be mirrored",
    ]);
    expect(problemsOf({ steps, shadow: { ...shadow, methods: ["get"] } })[0]).toContain(
      'spec.shadow.methods[0]: "get": want a method in capital letters, or * for all',
    );
  });
});
