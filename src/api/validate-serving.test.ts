import { describe, expect, test } from "vitest";
import { readSpec, type SpecReading } from "./validate.ts";

const SPEC = {
  targetRef: { kind: "Deployment", name: "checkout" },
  service: { port: 80, targetPort: "http" },
  traffic: { istio: { gateways: ["shop/edge"], hosts: ["shop.example.com"] } },
  steps: [{ weight: 10 }],
};
const NO_BOUND = { metrics: [{ name: "errors", query: "sum(rate(errors[1m]))" }] };

function serving(spec: object): Extract<SpecReading, { readonly ok: false }>["serving"] {
  const reading = readSpec(spec);
  expect(reading.ok).toBe(false);
  return reading.ok ? null : reading.serving;
}

describe("of a spec that is refused", () => {
  test("what serving depends on is read all the same", () => {
    const { targetRef, service, traffic } = serving({ ...SPEC, analysis: NO_BOUND }) ?? {};
    expect(targetRef).toMatchObject({ name: "checkout" });
    expect(service).toMatchObject({ port: 80, targetPort: "http" });
    expect(traffic?.istio).toMatchObject({ gateways: ["shop/edge"], hosts: ["shop.example.com"] });
  });

  test("routes that are what is wrong are left at whose objects they are", () => {
    const istio = {
      virtualServices: [{ name: "edge", routes: ["main"] }],
      destinationRule: { name: "checkout", primarySubset: "stable", canarySubset: "canary" },
      hosts: ["shop.example.com"],
    };
    const { traffic } = serving({ ...SPEC, traffic: { istio } }) ?? {};
    expect(traffic?.istio).toMatchObject({
      virtualServices: istio.virtualServices,
      destinationRule: istio.destinationRule,
      hosts: [],
    });
  });

  test("nothing is read when it does not say what it releases", () => {
    expect(serving({ ...SPEC, targetRef: { name: 7 } })).toBeNull();
    expect(serving({})).toBeNull();
    const reading = readSpec(null);
    expect(reading).toMatchObject({ ok: false, serving: null });
  });
});
