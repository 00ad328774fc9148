/** So many small services at one place, all with webhooks and a receiver; JSON, which is YAML too. */

export const NAMESPACE = "shop";

export function nameOf(index: number): string {
  return `service-${index}`;
}

/** Files of the scenario, by path. */
export function scenarioFiles(count: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  const [first = "", ...others] = names;
  const scenario = {
    name: "abort",
    rollout: rolloutOf(first),
    manifests: [secret(), ...names.flatMap(workloadOf), ...others.map(rolloutOf)],
    images: { "shop/app:v1": { startTime: "1s" }, "shop/app:v2": { startTime: "1s" } },
    webhooks: { "/load": 200, "/stop": 403, "/bus": 200, "/slack": 200 },
    timeline: [],
    settings: { end: "1h" },
    expect: {},
  };
  return { "/scenario.yaml": JSON.stringify(scenario) };
}

function rolloutOf(name: string): object {
  const hook = (type: string, path: string) => ({
    name: type,
    type,
    url: `http://webhooks.test${path}`,
    timeout: "10m",
    ...(type === "event" ? {} : { interval: "5s" }),
  });
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Rollout",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      targetRef: { name },
      service: { port: 80, targetPort: "http" },
      traffic: { istio: {} },
      steps: [{ weight: 50, hold: "1h" }],
      analysis: { interval: "5s", metrics: [{ name: "success-rate", min: 90, baseline: {} }] },
      webhooks: [hook("rollout", "/load"), hook("rollback", "/stop"), hook("event", "/bus")],
      notifications: [{ slack: { secretRef: { name: "slack" } } }],
    },
  };
}

function secret(): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "slack", namespace: NAMESPACE },
    stringData: { url: "http://webhooks.test/slack" },
  };
}

function workloadOf(name: string): readonly object[] {
  const metadata = { name, namespace: NAMESPACE };
  const labels = { app: name };
  const container = { name: "app", image: "shop/app:v1", ports: [{ name: "http", containerPort: 8080 }] };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
  ];
}
