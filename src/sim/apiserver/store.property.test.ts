import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../test/support/api-calls.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const NAMES = ["a", "b", "c"];

/** What somebody may do to one of three Deployments. */
const operation = fc.oneof(
  fc.record({ do: fc.constant("create" as const), name: fc.constantFrom(...NAMES), held: fc.boolean() }),
  fc.record({
    do: fc.constant("update" as const),
    name: fc.constantFrom(...NAMES),
    replicas: fc.integer({ min: 0, max: 3 }),
    /** With the resourceVersion of an older read. */
    stale: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("scale" as const),
    name: fc.constantFrom(...NAMES),
    replicas: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    do: fc.constant("label" as const),
    name: fc.constantFrom(...NAMES),
    value: fc.constantFrom("x", "y"),
  }),
  fc.record({
    do: fc.constant("status" as const),
    name: fc.constantFrom(...NAMES),
    replicas: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant("delete" as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ do: fc.constant("release" as const), name: fc.constantFrom(...NAMES) }),
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function deployment(name: string, held: boolean) {
  return {
    metadata: { name, ...(held ? { finalizers: ["example.com/hold"] } : {}) },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "main", image: "nginx:1" }] },
      },
    },
  };
}

/** Does one operation and checks what holds of each. `reads` are the first versions of each object that were read. */
async function perform(api: ApiCalls, step: Operation, reads: Map<string, Json>): Promise<void> {
  const path = `${DEPLOYMENTS}/${step.name}`;
  const before = (await api.get(path)).body;
  switch (step.do) {
    case "create":
      await api.post(DEPLOYMENTS, deployment(step.name, step.held));
      break;
    case "update":
      await update(api, path, before, step, reads);
      break;
    case "scale":
      await api.patch(`${path}/scale`, { spec: { replicas: step.replicas } });
      break;
    case "label":
      await api.patch(path, { metadata: { labels: { team: step.value } } });
      break;
    case "status":
      await api.patch(`${path}/status`, { status: { replicas: step.replicas } });
      break;
    case "delete":
      await api.delete(path);
      break;
    case "release":
      await api.patch(path, { metadata: { finalizers: null } });
  }
  const after = (await api.get(path)).body;
  if (before["kind"] === "Deployment" && after["kind"] === "Deployment") checkStep(before, after);
}

async function update(
  api: ApiCalls,
  path: string,
  before: Json,
  step: Extract<Operation, { do: "update" }>,
  reads: Map<string, Json>,
): Promise<void> {
  if (before["kind"] !== "Deployment") return;
  const known = reads.get(before["metadata"].uid) ?? before;
  reads.set(before["metadata"].uid, known);
  const base = step.stale ? known : before;
  const answer = await api.put(path, { ...base, spec: { ...base["spec"], replicas: step.replicas } });
  const isStale = base["metadata"].resourceVersion !== before["metadata"].resourceVersion;
  expect(answer.status).toBe(isStale ? 409 : 200);
}

/** Between two states of one object. */
function checkStep(before: Json, after: Json): void {
  if (before["metadata"].uid !== after["metadata"].uid) return;
  const hasChanged = before["metadata"].resourceVersion !== after["metadata"].resourceVersion;
  if (!hasChanged) expect(after).toEqual(before);
  else
    expect(Number(after["metadata"].resourceVersion)).toBeGreaterThan(
      Number(before["metadata"].resourceVersion),
    );
  const specChanged = JSON.stringify(before["spec"]) !== JSON.stringify(after["spec"]);
  const deletionBegan = before["metadata"].deletionTimestamp !== after["metadata"].deletionTimestamp;
  expect(after["metadata"].generation - before["metadata"].generation).toBe(
    specChanged || deletionBegan ? 1 : 0,
  );
}

/** The state that a list and the events after it lead to. */
function replayed(items: readonly Json[], events: readonly Json[]): Record<string, string> {
  const state = new Map(items.map((item) => [item["metadata"].name, item["metadata"].resourceVersion]));
  for (const { type, object } of events) {
    if (type === "DELETED") state.delete(object["metadata"].name);
    else state.set(object["metadata"].name, object["metadata"].resourceVersion);
  }
  return Object.fromEntries(state);
}

describe("the store", () => {
  it("keeps its laws through any sequence of operations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), fc.nat(39), async (steps, cut) => {
        const api = new ApiCalls();
        const reads = new Map();
        const all = await api.watch(`${DEPLOYMENTS}?watch=true&timeoutSeconds=60`);
        for (const step of steps.slice(0, cut)) await perform(api, step, reads);
        const middle = (await api.get(DEPLOYMENTS)).body;
        for (const step of steps.slice(cut)) await perform(api, step, reads);
        const from = middle["metadata"].resourceVersion;
        const late = await api.watch(`${DEPLOYMENTS}?watch=true&timeoutSeconds=60&resourceVersion=${from}`);
        await api.clock.advance(61_000);
        const final = (await api.get(DEPLOYMENTS)).body;

        const versions = all.events.map((event) => Number(event["object"].metadata.resourceVersion));
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        expect(replayed([], all.events)).toEqual(replayed(final["items"], []));
        expect(replayed(middle["items"], late.events)).toEqual(replayed(final["items"], []));
        expect(late.events).toEqual(
          all.events.filter((event) => Number(event["object"].metadata.resourceVersion) > Number(from)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("shows a paged list as of its first page", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(operation, { maxLength: 10 }),
        async (limit, steps) => {
          const api = new ApiCalls();
          for (const name of ["a", "b", "c", "d", "e"]) await api.post(DEPLOYMENTS, deployment(name, false));
          const whole = (await api.get(DEPLOYMENTS)).body["items"];
          let page = (await api.get(`${DEPLOYMENTS}?limit=${limit}`)).body;
          const items = [...page["items"]];
          for (const step of steps) await perform(api, step, new Map());
          while (page["metadata"].continue !== undefined) {
            page = (await api.get(`${DEPLOYMENTS}?limit=${limit}&continue=${page["metadata"].continue}`))
              .body;
            items.push(...page["items"]);
          }
          expect(items).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });
});
