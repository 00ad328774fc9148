import { describe, expect, it } from "vitest";
import { expectedDataplane } from "../../src/preflight/dataplane.ts";
import { hasProxy, INJECTED_NAMESPACE, injectSidecar, isInjected } from "../../src/sim/mesh/injector.ts";

/** Istio's rules as the embedded mesh keeps them, and as preflight says beforehand: written twice, they must agree. */
describe("a sidecar is injected", () => {
  const TRUE = { "sidecar.istio.io/inject": "true" };
  const FALSE = { "sidecar.istio.io/inject": "false" };
  const BY_REVISION = { "istio.io/rev": "1-28" };

  it.each([
    [INJECTED_NAMESPACE, {}, true],
    [INJECTED_NAMESPACE, { labels: FALSE }, false],
    [INJECTED_NAMESPACE, { annotations: FALSE }, false],
    [INJECTED_NAMESPACE, { labels: TRUE, annotations: FALSE }, true],
    [INJECTED_NAMESPACE, { hostNetwork: true }, false],
    [{ "istio-injection": "disabled" }, {}, false],
    [{ "istio-injection": "disabled" }, { labels: TRUE }, false],
    [{ "istio-injection": "disabled", ...BY_REVISION }, {}, false],
    [BY_REVISION, {}, true],
    [BY_REVISION, { labels: FALSE }, false],
    [{}, {}, false],
    [{}, { labels: TRUE }, true],
    [{}, { annotations: TRUE }, false],
    [{}, { labels: BY_REVISION }, true],
    [{}, { labels: BY_REVISION, annotations: FALSE }, false],
    [{}, { labels: { ...BY_REVISION, ...FALSE } }, false],
    [{}, { labels: TRUE, hostNetwork: true }, false],
  ])("in a namespace with %j of a pod with %j: %s", (namespace, said, expected) => {
    const { labels = {}, annotations = {}, hostNetwork = false } = said as Said;
    const draft = {
      metadata: { name: "a", labels: { ...labels }, annotations: { ...annotations } },
      spec: { containers: [{ name: "a", image: "a" }], hostNetwork },
    };
    const template = structuredClone(draft);
    expect(isInjected(draft, namespace)).toBe(expected);
    injectSidecar(draft, namespace);
    expect(hasProxy(draft)).toBe(expected);
    expect(expectedDataplane(template, namespace)).toBe(expected ? "sidecar" : "none");
  });
});

interface Said {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
}
