import { describe, expect, it } from "vitest";
import type { Service } from "../kube/kind/network.ts";
import { adoptedAnnotations, originalSelector, releasedAnnotations } from "./adoption.ts";

function aService(
  annotations?: Record<string, string>,
  selector: Record<string, string> = { app: "checkout" },
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "checkout", namespace: "shop", ...(annotations === undefined ? {} : { annotations }) },
    spec: { selector, ports: [{ port: 80 }] },
  };
}

function adopted(service: Service): Service {
  return {
    ...service,
    metadata: { ...service.metadata, annotations: adoptedAnnotations(service) },
    spec: { ...service.spec, selector: { app: "checkout-primary" } },
  };
}

describe("an adopted apex Service", () => {
  it("is given back as it was", () => {
    const annotations = { team: "shop", "helm.toolkit.fluxcd.io/driftDetection": "enabled" };
    const before = aService(annotations, { app: "checkout", track: "stable" });
    const during = adopted(before);
    expect(originalSelector(during)).toEqual({ app: "checkout", track: "stable" });
    expect(releasedAnnotations(during)).toEqual(annotations);
  });

  it("is kept from Flux, unless its owner has said otherwise", () => {
    expect(adoptedAnnotations(aService())).toMatchObject({
      "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
    });
    const said = aService({ "kustomize.toolkit.fluxcd.io/reconcile": "enabled" });
    expect(adoptedAnnotations(said)).toMatchObject({ "kustomize.toolkit.fluxcd.io/reconcile": "enabled" });
  });

  it("remembers its first selector however often it is adopted", () => {
    const twice = adopted(adopted(aService()));
    expect(originalSelector(twice)).toEqual({ app: "checkout" });
  });

  it.each(["", "{", "null", '{"selector":1,"annotations":[]}', '{"selector":{"a":1},"annotations":[]}'])(
    "has no memory in %j",
    (text) => {
      expect(originalSelector(aService({ "sluice.dev/adopted": text }))).toBeNull();
    },
  );
});
