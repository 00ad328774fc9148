import { describe, expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import type { Transition } from "../../src/sim/scenario/observer.ts";

/** A release whose every webhook is what the scenario says; the same one whatever they do. */
function files(hooks: string, timeline: string): Readonly<Record<string, string>> {
  return {
    "/scenario.yaml": `
name: webhooks
rollout: /rollout.yaml
manifests: [/deployment.yaml]
traffic: [{ host: checkout, rps: 40 }]
images: { "shop/checkout:v1": {}, "shop/checkout:v2": {} }
webhooks: { ${hooks} }
timeline:
  - { at: 1m, setImage: { deployment: checkout, image: "shop/checkout:v2" } }
  ${timeline}
expect: { phase: Failed, within: 3m }
`,
    "/rollout.yaml": `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: shop }
spec:
  targetRef: { name: checkout }
  service: { port: 80, targetPort: http }
  traffic: { istio: {} }
  steps: [{ weight: 50, hold: 10m }]
  analysis: { interval: 15s, warmup: 0s, minRequests: 20, metrics: [{ name: success-rate, min: 90 }] }
  webhooks:
    - { name: load, type: rollout, url: "http://webhooks.test/load", timeout: 10m }
    - { name: stop, type: rollback, url: "http://webhooks.test/stop", timeout: 10m }
    - { name: bus, type: event, url: "http://webhooks.test/bus", timeout: 10m }
`,
    "/deployment.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: { name: checkout, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: checkout } }
  template:
    metadata: { labels: { app: checkout } }
    spec: { containers: [{ name: checkout, image: "shop/checkout:v1", ports: [{ name: http, containerPort: 8080 }] }] }
`,
  };
}

async function play(hooks: string, timeline: string): Promise<readonly Transition[]> {
  const texts = files(hooks, timeline);
  const loaded = await loadScenario("/scenario.yaml", async (path) => texts[path] ?? "");
  const transitions: Transition[] = [];
  const result = await rehearse({ loaded, onTransition: (transition) => transitions.push(transition) });
  expect(result.expectations).toBe("met");
  return transitions;
}

describe("webhooks that hang", () => {
  test("delay neither a run nor its abort: everything happens when it does with webhooks that answer", async () => {
    const abort = '- { at: 3m, annotate: { rollout: checkout, abort: "p99 looks bad" } }';
    const story = (transitions: readonly Transition[]) =>
      transitions.map((transition) => JSON.stringify(transition));
    const hanging = await play("/load: hang, /stop: hang, /bus: hang", abort);
    const answering = await play("/load: 200, /stop: 403, /bus: 200", abort);
    expect(story(hanging)).toEqual(story(answering));
    expect(hanging.length).toBeGreaterThan(3);
  }, 60_000);
});
