import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SystemClock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { ApiServer } from "../../src/sim/apiserver/api-server.ts";
import { type Listener, listen } from "../../src/sim/apiserver/listen.ts";

const ROLLOUTS = "/apis/sluice.dev/v1alpha1/namespaces/default/rollouts";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const ROLLOUT = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Rollout",
  metadata: { name: "r", labels: { a: "b" } },
  spec: {
    targetRef: { name: "web" },
    service: { port: 80 },
    traffic: { istio: {} },
    steps: [{ weight: 5, hold: "2m" }],
  },
};
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};

let listener: Listener;
const errors: Error[] = [];

beforeAll(async () => {
  const clock = new SystemClock();
  const onError = (error: Error) => errors.push(error);
  const server = new ApiServer({ clock, prng: new Prng(1), adminToken: "t", onError });
  listener = await listen({ transport: server.network, clock, host: "127.0.0.1", port: 0, onError });
  const crd = parse(readFileSync("crds/sluice.dev_rollouts.yaml", "utf8"));
  expect((await send("POST", CRDS, JSON.stringify(crd))).status).toBe(201);
});

afterEach(async () => {
  expect(errors.splice(0).map((error) => error.stack)).toEqual([]);
  expect(await send("GET", "/readyz")).toMatchObject({ status: 200, body: "ok" });
});

afterAll(() => listener.close());

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(
  method: string,
  path: string,
  body?: string | Buffer,
  type = "application/json",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: "Bearer t", "content-type": type, accept: "application/json" };
    const outgoing = request(`${listener.url}${path}`, { method, headers, agent: false }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/**
 * What was asked for, or a Status. The real server has 500 for some mistakes of clients (an apply with an unknown field,
 * a patch of a list whose items lack their key); errors of our own are counted apart.
 */
function expectAnswer({ status, body }: Answer): void {
  expect(status).toBeLessThanOrEqual(500);
  const value = JSON.parse(body);
  if (status >= 400) expect(value).toMatchObject({ kind: "Status", status: "Failure", code: status });
}

/** The object with one of its values, at any depth, replaced. */
function mutants(object: object): fc.Arbitrary<string> {
  const paths: (readonly string[])[] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (path.length > 0) paths.push(path);
    if (typeof value === "object" && value !== null)
      for (const [name, member] of Object.entries(value)) walk(member, [...path, name]);
  };
  walk(object, []);
  return fc.tuple(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 })).map(([path, value]) => {
    const copy = structuredClone(object) as Record<string, unknown>;
    const parent = path
      .slice(0, -1)
      .reduce<Record<string, unknown>>((node, name) => node[name] as Record<string, unknown>, copy);
    parent[path.at(-1) ?? ""] = value;
    return JSON.stringify(copy);
  });
}

const RUNS = { numRuns: 60 };

describe("bodies", () => {
  test.each([
    ["a custom resource", ROLLOUTS, ROLLOUT],
    ["a built-in", DEPLOYMENTS, DEPLOYMENT],
    [
      "a definition",
      CRDS,
      { ...parse(readFileSync("crds/sluice.dev_rollouts.yaml", "utf8")), metadata: { name: "x" } },
    ],
  ])("of the wrong type anywhere in %s get a Status", async (_, path, object) => {
    await fc.assert(
      fc.asyncProperty(mutants(object), async (body) =>
        expectAnswer(await send("POST", `${path}?dryRun=All`, body)),
      ),
      RUNS,
    );
  });

  test.each([
    ["application/merge-patch+json"],
    ["application/strategic-merge-patch+json"],
    ["application/apply-patch+yaml"],
    ["application/json-patch+json"],
  ])("of the wrong type in a patch (%s) get a Status", async (type) => {
    await send("POST", DEPLOYMENTS, JSON.stringify({ ...DEPLOYMENT, metadata: { name: "patched" } }));
    const patch = type.includes("json-patch")
      ? fc
          .array(
            fc.record({
              op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x"),
              path: fc.constantFrom(
                "/spec/replicas",
                "/spec/template/spec/containers/0",
                "",
                "/metadata/labels/a",
                "/a~2",
                "x",
              ),
              from: fc.constantFrom("/spec", "/spec/template", "/nowhere"),
              value: fc.jsonValue({ maxDepth: 2 }),
            }),
            { maxLength: 3 },
          )
          .map((operations) => JSON.stringify(operations))
      : mutants({ ...DEPLOYMENT, metadata: { name: "patched" } });
    await fc.assert(
      fc.asyncProperty(patch, async (body) => {
        expectAnswer(await send("PATCH", `${DEPLOYMENTS}/patched?dryRun=All&fieldManager=m`, body, type));
      }),
      RUNS,
    );
  });

  test.each(["apiVersion", "kind"])(
    "that apply a %s which cannot be made text get a Status of 400",
    async (member) => {
      const body = JSON.stringify({ ...DEPLOYMENT, [member]: { toString: 1, valueOf: 1 } });
      const path = `${DEPLOYMENTS}/patched?fieldManager=m`;
      const answer = await send("PATCH", path, body, "application/apply-patch+yaml");
      expect(answer).toMatchObject({ status: 400 });
    },
  );

  test("that end too early, or are no text at all, get a Status of 400", async () => {
    const whole = JSON.stringify(ROLLOUT);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        expect(await send("POST", ROLLOUTS, whole.slice(0, length))).toMatchObject({ status: 400 });
      }),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (bytes) => {
        const { status } = await send("POST", ROLLOUTS, Buffer.from(bytes));
        expect([400, 422]).toContain(status);
      }),
      RUNS,
    );
  });

  test("nested as deep as allowed are walked, and deeper ones refused", async () => {
    const nest = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const definition = JSON.stringify({ ...ROLLOUT, spec: "NESTED" });
    for (const depth of [10, 500, 990]) {
      for (const path of [ROLLOUTS, DEPLOYMENTS])
        expectAnswer(await send("POST", `${path}?dryRun=All`, definition.replace('"NESTED"', nest(depth))));
      expectAnswer(
        await send("PATCH", `${ROLLOUTS}/r`, `{"spec":${nest(depth)}}`, "application/merge-patch+json"),
      );
    }
    expect((await send("POST", ROLLOUTS, nest(100_000))).status).toBe(400);
    expect((await send("POST", ROLLOUTS, nest(100_000), "application/yaml")).status).toBe(400);
  });

  test("in YAML that would grow without end are refused", async () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(", ")}]`,
    );
    const bomb = `apiVersion: sluice.dev/v1alpha1\nkind: Rollout\nl0: &l0 x\n${levels.join("\n")}\n`;
    const answer = await send("POST", ROLLOUTS, bomb, "application/yaml");
    expect(answer.status).toBe(400);
  });
});

describe("requests", () => {
  test("with any path and query get an answer", async () => {
    const segment = fc.constantFrom(
      "api",
      "apis",
      "v1",
      "apps",
      "sluice.dev",
      "namespaces",
      "default",
      "pods",
      "rollouts",
      "watch",
      "..",
      "%00",
      "%zz",
      "",
      "status",
    );
    const query = fc.constantFrom(
      "",
      "?watch=true&timeoutSeconds=1&resourceVersion=x",
      "?limit=-1",
      "?labelSelector=,,(",
      "?fieldSelector===",
      "?continue=%zz",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
        fc.array(segment, { maxLength: 7 }),
        query,
        async (method, segments, suffix) => {
          const answer = await send(
            method,
            `/${segments.join("/")}${suffix}`,
            method === "GET" ? undefined : "{}",
          );
          expect(answer.status).toBeGreaterThanOrEqual(200);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("whose clients vanish half-way leave nothing behind", async () => {
    const { hostname, port } = new URL(listener.url);
    for (let count = 0; count < 30; count += 1) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      const announced = count % 2 === 0 ? `POST ${ROLLOUTS}` : `GET ${ROLLOUTS}?watch=true`;
      socket.write(
        `${announced} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: 500\r\n\r\n{"a"`,
      );
      await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
    }
    const deadline = performance.now() + 5_000;
    while (listener.watches > 0 && performance.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve));
    expect(listener.watches).toBe(0);
  });
});
