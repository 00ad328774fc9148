import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evenLag } from "../mesh/lag.ts";
import { ACTIONS } from "./actions.ts";
import { parseScenario, ScenarioFileError } from "./parse.ts";

const HEAD = "name: story\nrollout: rollout.yaml\n";

/** The one action of a timeline entry with these members. */
function action(members: string): unknown {
  const { timeline } = parseScenario(`${HEAD}timeline:\n  - { at: 10s, ${members} }\n`, "story.yaml");
  expect(timeline).toHaveLength(1);
  return timeline[0]!.action;
}

function problems(text: string): readonly string[] {
  try {
    parseScenario(text, "story.yaml");
  } catch (error) {
    if (error instanceof ScenarioFileError) return error.problems;
    throw error;
  }
  return [];
}

const ROLLOUT = { apiVersion: "sluice.dev/v1alpha1", kind: "Rollout", name: "checkout" };
const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment", name: "checkout" };

const FORMS: readonly (readonly [string, unknown])[] = [
  ["setImage: shop/checkout:v2", { kind: "setImage", image: "shop/checkout:v2" }],
  [
    "setImage: { deployment: checkout, container: app, image: shop/checkout:v2 }",
    { kind: "setImage", deployment: "checkout", container: "app", image: "shop/checkout:v2" },
  ],
  ['annotate: { abort: "why" }', { object: null, annotations: { "sluice.dev/abort": "why" } }],
  [
    "annotate: { rollout: checkout, abort: why }",
    { object: ROLLOUT, annotations: { "sluice.dev/abort": "why" } },
  ],
  ["annotate: abort=why", { annotations: { "sluice.dev/abort": "why" } }],
  ["annotate: sluice.dev/pause=lunch", { annotations: { "sluice.dev/pause": "lunch" } }],
  [
    "annotate: { name: checkout, sluice.dev/abort: why, team/owner: ann }",
    { object: ROLLOUT, annotations: { "sluice.dev/abort": "why", "team/owner": "ann" } },
  ],
  ["annotate: { approve: true }", { annotations: { "sluice.dev/approve": "" } }],
  ["annotate: { key: abort, value: why }", { annotations: { "sluice.dev/abort": "why" } }],
  [
    "annotate: { deployment: checkout, annotations: { team: shop, old: null } }",
    { object: DEPLOYMENT, annotations: { team: "shop", old: null } },
  ],
  [
    "patch: { deployment: checkout, patch: { spec: { paused: true } } }",
    { object: DEPLOYMENT, patch: { type: "merge", body: { spec: { paused: true } } } },
  ],
  [
    "patch: { kind: rollout, name: checkout, patch: [{ op: remove, path: /spec/shadow }] }",
    { object: ROLLOUT, patch: { type: "json", operations: [{ op: "remove", path: "/spec/shadow" }] } },
  ],
  [
    "patch: { deployment: checkout, spec: { paused: true } }",
    { object: DEPLOYMENT, patch: { type: "merge", body: { spec: { paused: true } } } },
  ],
  [
    "patch: { deployment: checkout, strategic: { spec: {} } }",
    { patch: { type: "strategic", body: { spec: {} } } },
  ],
  ["patch: { deployment: checkout, json: [] }", { patch: { type: "json", operations: [] } }],
  ["delete: deployment/checkout", { kind: "delete", object: DEPLOYMENT }],
  ["delete: { kind: Deployment, name: checkout }", { kind: "delete", object: DEPLOYMENT }],
  [
    "delete: { apiVersion: example.com/v1, kind: Thing, name: a }",
    { object: { apiVersion: "example.com/v1", kind: "Thing", name: "a" } },
  ],
  ["deletePod: checkout-1", { kind: "deletePod", pod: "checkout-1", count: 1, now: false }],
  ["deletePod: { deployment: checkout, count: 2 }", { deployment: "checkout", count: 2 }],
  [
    "deletePod: { selector: app=checkout, count: all, now: true }",
    { count: Number.MAX_SAFE_INTEGER, now: true },
  ],
  ["scale: { replicas: 1 }", { kind: "scale", replicas: 1 }],
  ["scale: { deployment: checkout, replicas: 0 }", { kind: "scale", deployment: "checkout", replicas: 0 }],
  ["apply: service.yaml", { kind: "apply", files: ["service.yaml"], objects: [] }],
  ["traffic: { host: checkout, rps: 0 }", { kind: "traffic", changes: [{ host: "checkout", rps: 0 }] }],
  ["traffic: { method: { GET: 9, POST: 1 } }", { changes: [{ method: { GET: 9, POST: 1 } }] }],
  ["traffic: { clients: 50 }", { changes: [{ clients: { count: 50, stayMs: null } }] }],
  [
    "traffic: { clients: { count: 50, stay: 1m } }",
    { changes: [{ clients: { count: 50, stayMs: 60_000 } }] },
  ],
  ["traffic: { rps: 5, headers: { X-User: ann } }", { changes: [{ rps: 5, headers: { "x-user": "ann" } }] }],
  ["images: { a: { errorRate: 1 } }", { kind: "images", images: { a: { differs: { errorRate: 1 } } } }],
  ["prometheus: down", { kind: "prometheus", state: "down" }],
  ["prometheus: slow", { state: "slow", delayMs: 10_000 }],
  ["prometheus: { slow: 20s }", { state: "slow", delayMs: 20_000 }],
  ["prometheus: { delay: 20s }", { state: "slow", delayMs: 20_000 }],
  ["prometheus: { state: down }", { state: "down" }],
  ["meshDelay: 5s", { kind: "meshDelay", lag: evenLag(5_000) }],
  ["controller: kill", { kind: "controller", verb: "kill" }],
  ["apiServer: errors", { kind: "apiServer", state: "errors", rate: 1, status: 500 }],
  ["apiServer: { errors: 30%, status: 503 }", { state: "errors", rate: 0.3, status: 503 }],
  ["apiServer: { slow: 2s }", { state: "slow", delayMs: 2_000, rate: 0 }],
];

describe("an action", () => {
  it.each(FORMS)("%s", (members, expected) => {
    expect(action(members)).toMatchObject(expected as object);
  });
});

const IMAGES: readonly (readonly [string, unknown])[] = [
  ["errorRate: 5%", { errorRate: 0.05 }],
  ["latency: { p50: 20ms, p99: 0.5s }", { latency: { p50Ms: 20, p99Ms: 500 } }],
  ["latency: 40ms", { latency: { p50Ms: 40, p99Ms: 200 } }],
  ["startTime: 5s, stopTime: 0", { startTimeMs: 5_000, stopTimeMs: 0 }],
  ["crash: { after: 10s }", { crashAfterMs: 10_000 }],
  ["crash: 10s", { crashAfterMs: 10_000 }],
  ["crashAfter: 10s", { crashAfterMs: 10_000 }],
  ["crash: true", { crashAfterMs: 500 }],
  ["crash: false", { crashAfterMs: null }],
  ["pullError: true, neverReady: true", { pullError: true, neverReady: true }],
  ["degradeAfter: { after: 1m, errorRate: 0.5 }", { degradeAfter: { afterMs: 60_000, errorRate: 0.5 } }],
];

describe("an image", () => {
  it.each(IMAGES)("%s", (members, expected) => {
    const { images } = parseScenario(`${HEAD}images: { a: { ${members} } }`, "story.yaml");
    expect(images["a"]).toEqual({ differs: expected, perPod: [] });
  });

  it.each(["[{}, { errorRate: 1 }]", "[{ index: 1, errorRate: 1 }]", '{ "1": { errorRate: 1 } }'])(
    "differs by pod: %s",
    (perPod) => {
      const { images } = parseScenario(`${HEAD}images: { a: { perPod: ${perPod} } }`, "story.yaml");
      expect(images["a"]!.perPod).toContainEqual({ index: 1, differs: { errorRate: 1 } });
    },
  );
});

describe("a scenario", () => {
  it("has its timeline in the order of time, and of the file where times are equal", () => {
    const text = `${HEAD}timeline:\n  - { at: 20s, controller: start }\n  - { at: 10s, controller: kill }\n  - { at: 20s, prometheus: up }\n`;
    const { timeline } = parseScenario(text, "story.yaml");
    expect(timeline.map(({ atMs, action: { kind } }) => `${atMs} ${kind}`)).toEqual([
      "10000 controller",
      "20000 controller",
      "20000 prometheus",
    ]);
  });

  it("takes both names of canaryRequestsAfter", () => {
    for (const key of ["canaryRequestsAfter", "canaryRequestsAfterAbort"]) {
      expect(parseScenario(`${HEAD}expect: { ${key}: 3 }`, "story.yaml").expect.canaryRequestsAfter).toBe(3);
    }
  });
});

describe("a file that cannot be run", () => {
  it.each([
    [
      `${HEAD}timeline: [{ at: 1s, prometheus: { slow: soon } }]`,
      'story.yaml:3: timeline[0].prometheus.delay: "soon": want a duration',
    ],
    [
      `${HEAD}timeline:\n  - { at: 1s, setimage: x }`,
      "story.yaml:4: timeline[0].setimage: setimage is not a known key; did you mean setImage?",
    ],
    [
      `${HEAD}traffic: { host: a, rps: 1, method: get }`,
      'story.yaml:3: traffic[0].method: "get": want a method such as GET',
    ],
    [
      `${HEAD}traffic: { host: a, rps: 1, clients: 0 }`,
      "story.yaml:3: traffic[0].clients.count: 0: want 1 or more",
    ],
    [`${HEAD}traffic: { host: a, rps: -1 }`, "story.yaml:3: traffic[0].rps: -1: want 0 or more"],
    [
      `${HEAD}images:\n  shop/a:v1: { errorRate: 3 }`,
      'story.yaml:4: images["shop/a:v1"].errorRate: 3: want a share from 0 to 1',
    ],
    [
      `${HEAD}timeline:\n  - { at: soon, controller: kill }`,
      'story.yaml:4: timeline[0].at: "soon": want a duration such as',
    ],
    [
      `${HEAD}timeline:\n  - { at: 1s }`,
      'story.yaml:4: timeline[0]: {"at":"1s"}: nothing happens here; want one of setImage,',
    ],
    [
      `${HEAD}timeline:\n  - { at: 1s, delete: { kind: Foo, name: a } }`,
      'timeline[0].delete.kind: "Foo": kind Foo is not known',
    ],
    [`${HEAD}expect: { phase: Done }`, 'story.yaml:3: expect.phase: "Done": want one of Initializing,'],
    ["rollout: a.yaml", "story.yaml:1: name: is missing; want a name"],
    ["name: [a", "story.yaml:1: "],
    ["- 1", "story.yaml:1: [1]: want an object with name, about, rollout"],
  ])("%j", (text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
    expect(found[0]).not.toContain("\n");
  });

  it("names every problem at once", () => {
    expect(problems(`${HEAD}rolout: x\nexpect: { within: 5, reason: 1 }`)).toHaveLength(3);
  });
});

describe("the guide", () => {
  const blocks = [...readFileSync("docs/guides/scenarios.md", "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, block = ""]) => block,
  );

  it("has examples of everything", () => {
    const keys = blocks.flatMap((block) => Object.keys(parseScenario(whole(block), "guide")));
    expect(keys).toEqual(expect.arrayContaining(["traffic", "images", "timeline", "expect"]));
    const kinds = blocks.flatMap((block) =>
      parseScenario(whole(block), "guide").timeline.map((it) => it.action.kind),
    );
    expect(new Set(kinds)).toEqual(new Set(Object.keys(ACTIONS)));
  });

  it.each(blocks)("shows what can be run: %s", (block) => {
    expect(problems(whole(block))).toEqual([]);
  });

  function whole(block: string): string {
    return block.startsWith("name:") ? block : `${HEAD}${block}`;
  }
});
