import { describe, expect, it } from "vitest";
import { readSpec } from "./validate.ts";

function problemsOf(istio: object, more: object = {}): readonly string[] {
  const reading = readSpec({
    targetRef: { name: "checkout" },
    service: { port: 80 },
    traffic: { istio },
    steps: [{ weight: 10 }],
    ...more,
  });
  return reading.ok ? [] : reading.problems.map(({ field, message }) => `${field}: ${message}`);
}

const own = { analysis: { metrics: [{ name: "errors", query: "sum(x)", max: 1 }] } };

describe("what is wrong with the traffic of a spec", () => {
  it.each([
    ["http", undefined, 0],
    ["tcp", undefined, 1],
    ["tcp-redis", undefined, 1],
    ["http", "redis", 1],
    ["tcp", "http2", 0],
  ])("a port %s (appProtocol %s) takes conditions on requests or not", (portName, appProtocol, count) => {
    const service = { port: 80, portName, ...(appProtocol === undefined ? {} : { appProtocol }) };
    expect(problemsOf({ timeout: "1s" }, { service, ...own })).toHaveLength(count);
  });

  it("names what has no meaning on a TCP port", () => {
    const service = { port: 6379, portName: "tcp-redis" };
    const shadow = { duration: "1m" };
    expect(problemsOf({ canaryMatch: [{ uri: { exact: "/" } }] }, { service, shadow })).toEqual([
      "spec.traffic.istio.canaryMatch: port 6379 is TCP (tcp-redis), and canaryMatch is about HTTP requests; take it away, or give the port an HTTP name such as http",
      "spec.shadow: port 6379 is TCP (tcp-redis), and only HTTP requests can be mirrored",
      "spec.analysis.metrics[1]: port 6379 is TCP (tcp-redis), and latency is that of HTTP requests; success-rate counts connections that come about, and queries of your own what you measure",
    ]);
  });

  it("wants hosts and gateways of a delegate where it is delegated to", () => {
    expect(problemsOf({ delegation: true, hosts: ["a.example.com"] })).toEqual([
      "spec.traffic.istio.hosts: a.example.com: with delegation they belong into the VirtualService that delegates",
    ]);
  });

  it("finds conditions on gateways that never hold", () => {
    expect(problemsOf({ gateways: ["public"], canaryMatch: [{ gateways: ["mesh", "internal"] }] })).toEqual([
      "spec.traffic.istio.canaryMatch[0].gateways: internal is not one of public, mesh; add it to spec.traffic.istio.gateways, or this never matches",
    ]);
  });

  it("knows which cookies work", () => {
    expect(problemsOf({ sessionAffinity: {} })).toEqual([]);
    expect(problemsOf({ sessionAffinity: { sameSite: "None", secure: true } })).toEqual([]);
    expect(problemsOf({ sessionAffinity: { sameSite: "None" } })).toHaveLength(1);
    expect(problemsOf({ sessionAffinity: { path: "a; Domain=evil" } })).toHaveLength(1);
    expect(
      problemsOf({ sessionAffinity: {}, match: [{ headers: { cookie: { regex: ".*" } } }] }),
    ).toHaveLength(1);
  });
});
