import { describe, expect, it } from "vitest";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ApiError, isConflict, isGone, UnreachableError } from "./api-error.ts";
import type { Patch, WatchEvent } from "./client.ts";
import type { Deployment } from "./kind/workload.ts";
import { DEPLOYMENT, NAMESPACE } from "./resources.ts";
import { type CallRecord, RestClient } from "./rest-client.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

const KEY = { namespace: "shop", name: "checkout" };
const DEPLOYMENT_OBJECT: Deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { ...KEY, uid: "u1", resourceVersion: "7" },
  spec: { selector: {}, template: { spec: { containers: [] } } },
};

function json(value: unknown, status = 200, headers: Record<string, string> = {}): ApiResponse {
  return {
    status,
    contentType: "application/json",
    warnings: [],
    headers,
    body: { kind: "json", value },
  };
}

function failure(code: number, reason: string, message: string): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
}

/** Answers with what it is given and keeps the requests. */
class FixedTransport implements Transport {
  readonly requests: ApiRequest[] = [];
  readonly #answer: () => ApiResponse | Promise<ApiResponse>;

  constructor(answer: ApiResponse | (() => Promise<ApiResponse>)) {
    this.#answer = typeof answer === "function" ? answer : () => answer;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(request);
    return this.#answer();
  }
}

function setUp(answer: ApiResponse | (() => Promise<ApiResponse>)) {
  const transport = new FixedTransport(answer);
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const calls: CallRecord[] = [];
  const client = new RestClient({
    transport,
    clock,
    fieldManager: "sluice",
    timeoutMs: 5_000,
    onWarning: (text, doing) => warnings.push(`${doing}: ${text}`),
    onCall: (call) => calls.push(call),
  });
  const sent = () => {
    const { method, path, query, headers, body } = transport.requests[0]!;
    return { line: `${method} ${path}?${query}`, type: headers["content-type"], body };
  };
  return { client, clock, sent, transport, warnings, calls };
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("RestClient", () => {
  it("asks for one object by group, version, namespace and name", async () => {
    const { client, sent } = setUp(json(DEPLOYMENT_OBJECT));
    await expect(client.get(DEPLOYMENT, KEY)).resolves.toBe(DEPLOYMENT_OBJECT);
    expect(sent().line).toBe("GET /apis/apps/v1/namespaces/shop/deployments/checkout?");
  });

  it("lists with selectors and pages, and gives items of built-in lists their kind", async () => {
    const { kind: _, apiVersion: __, ...bare } = DEPLOYMENT_OBJECT;
    const list = { kind: "DeploymentList", metadata: { resourceVersion: "9", continue: "" }, items: [bare] };
    const { client, sent } = setUp(json(list));
    await expect(
      client.list(DEPLOYMENT, { namespace: "shop", labelSelector: "app=x,tier!=y", limit: 500 }),
    ).resolves.toEqual({ items: [DEPLOYMENT_OBJECT], resourceVersion: "9", continue: undefined });
    expect(sent().line).toBe(
      "GET /apis/apps/v1/namespaces/shop/deployments?labelSelector=app%3Dx%2Ctier%21%3Dy&limit=500",
    );
  });

  it.each<[Patch, string, unknown]>([
    [{ type: "merge", body: { spec: null } }, "application/merge-patch+json", { spec: null }],
    [{ type: "strategic", body: { spec: {} } }, "application/strategic-merge-patch+json", { spec: {} }],
    [
      { type: "json", operations: [{ op: "remove", path: "/spec/paused" }] },
      "application/json-patch+json",
      [{ op: "remove", path: "/spec/paused" }],
    ],
  ])("sends a $type patch with its media type and the field manager", async (patch, type, body) => {
    const { client, sent } = setUp(json(DEPLOYMENT_OBJECT));
    await client.patch(DEPLOYMENT, KEY, patch, { subresource: "status" });
    expect(sent()).toEqual({
      line: "PATCH /apis/apps/v1/namespaces/shop/deployments/checkout/status?fieldManager=sluice",
      type,
      body,
    });
  });

  it("applies with its own media type, another manager, and force when asked", async () => {
    const { client, sent } = setUp(json(DEPLOYMENT_OBJECT));
    await client.apply(DEPLOYMENT, DEPLOYMENT_OBJECT, { force: true, fieldManager: "x", dryRun: true });
    expect(sent()).toMatchObject({
      line: "PATCH /apis/apps/v1/namespaces/shop/deployments/checkout?fieldManager=x&dryRun=All&force=true",
      type: "application/apply-patch+yaml",
    });
  });

  it("creates in the collection and updates under the name", async () => {
    const first = setUp(json(DEPLOYMENT_OBJECT, 201));
    await first.client.create(DEPLOYMENT, DEPLOYMENT_OBJECT);
    expect(first.sent().line).toBe("POST /apis/apps/v1/namespaces/shop/deployments?fieldManager=sluice");
    const second = setUp(json(DEPLOYMENT_OBJECT));
    await second.client.update(DEPLOYMENT, DEPLOYMENT_OBJECT);
    expect(second.sent().line).toBe(
      "PUT /apis/apps/v1/namespaces/shop/deployments/checkout?fieldManager=sluice",
    );
  });

  it("tells apart what is gone from what is still terminating", async () => {
    const status = { kind: "Status", status: "Success", details: { uid: "u1" } };
    const gone = setUp(json(status));
    await expect(
      gone.client.delete(DEPLOYMENT, KEY, { propagation: "Background", preconditions: { uid: "u1" } }),
    ).resolves.toEqual({ kind: "gone", uid: "u1" });
    expect(gone.sent().body).toMatchObject({
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      preconditions: { uid: "u1" },
    });

    const terminating = {
      ...DEPLOYMENT_OBJECT,
      metadata: { ...DEPLOYMENT_OBJECT.metadata, deletionTimestamp: "t", finalizers: ["a/b"] },
    };
    await expect(setUp(json(terminating)).client.delete(DEPLOYMENT, KEY)).resolves.toEqual({
      kind: "terminating",
      object: terminating,
    });

    const removedPod = {
      ...DEPLOYMENT_OBJECT,
      metadata: { ...DEPLOYMENT_OBJECT.metadata, deletionTimestamp: "t", deletionGracePeriodSeconds: 0 },
    };
    await expect(setUp(json(removedPod)).client.delete(DEPLOYMENT, KEY)).resolves.toEqual({
      kind: "gone",
      uid: "u1",
    });
  });

  it("turns a Status into an ApiError that says what was being done to which object", async () => {
    const { client } = setUp(json(failure(409, "Conflict", "the object has been modified"), 409));
    const error = await client
      .patch(DEPLOYMENT, KEY, { type: "merge", body: {} })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as Error).message).toBe(
      "patching deployments.apps shop/checkout: the object has been modified",
    );
    expect(isConflict(error)).toBe(true);
  });

  it("keeps the delay that the server asks for, from the Status or from the header", async () => {
    const { client } = setUp(json({ message: "busy" }, 429, { "retry-after": "3" }));
    await expect(client.get(DEPLOYMENT, KEY)).rejects.toMatchObject({ retry: { afterMs: 3_000 } });
  });

  it("reports an answer that no API server would give as unreachable, not as an object", async () => {
    const html = { ...json(null), contentType: "text/html", body: { kind: "text", text: "<html>" } } as const;
    await expect(setUp(html).client.get(DEPLOYMENT, KEY)).rejects.toThrow(UnreachableError);
    await expect(setUp(json([])).client.get(DEPLOYMENT, KEY)).rejects.toThrow(UnreachableError);
    await expect(setUp(json({ metadata: {}, items: {} })).client.list(DEPLOYMENT)).rejects.toThrow(
      UnreachableError,
    );
  });

  it("gives up on a server that does not answer, even if the connection ignores the abort", async () => {
    const { client, clock } = setUp(() => new Promise(() => {}));
    const result = client.get(DEPLOYMENT, KEY).catch((caught: unknown) => caught);
    await clock.advance(5_000);
    const error = await result;
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toBe("getting deployments.apps shop/checkout: no answer within 5000 ms");
  });

  it("rejects with the caller's reason when the caller aborts", async () => {
    const { client } = setUp(() => new Promise(() => {}));
    const controller = new AbortController();
    const result = client.get(DEPLOYMENT, KEY, { signal: controller.signal });
    controller.abort(new Error("shutting down"));
    await expect(result).rejects.toThrow("shutting down");
  });

  it("passes warnings on with what was being done", async () => {
    const { client, warnings } = setUp({ ...json(DEPLOYMENT_OBJECT), warnings: ["deprecated"] });
    await client.get(DEPLOYMENT, KEY);
    expect(warnings).toEqual(["getting deployments.apps shop/checkout: deprecated"]);
  });

  it("refuses a namespace for cluster-scoped objects as a mistake of ours", async () => {
    const { client } = setUp(json({}));
    await expect(client.get(NAMESPACE, { namespace: "x", name: "y" })).rejects.toThrow("cluster-scoped");
  });
});

describe("RestClient.watch", () => {
  function stream(events: AsyncIterable<unknown>): ApiResponse {
    return { ...json(null), body: { kind: "stream", events } };
  }

  it("yields changes and bookmarks until the server ends the watch", async () => {
    const { client, sent } = setUp(
      stream(
        (async function* () {
          yield { type: "ADDED", object: DEPLOYMENT_OBJECT };
          yield { type: "BOOKMARK", object: { kind: "Deployment", metadata: { resourceVersion: "12" } } };
        })(),
      ),
    );
    const events = client.watch(DEPLOYMENT, {
      resourceVersion: "5",
      allowBookmarks: true,
      timeoutSeconds: 300,
    });
    await expect(collect(events)).resolves.toEqual([
      { type: "ADDED", object: DEPLOYMENT_OBJECT },
      { type: "BOOKMARK", resourceVersion: "12" },
    ]);
    expect(sent().line).toBe(
      "GET /apis/apps/v1/deployments?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300",
    );
  });

  it("throws the ApiError of an ERROR event, which asks for a new list when it is a 410", async () => {
    const { client } = setUp(
      stream(
        (async function* () {
          yield { type: "ERROR", object: failure(410, "Expired", "too old resource version: 1 (9)") };
        })(),
      ),
    );
    const error = await collect(client.watch(DEPLOYMENT, {})).catch((caught: unknown) => caught);
    expect(isGone(error)).toBe(true);
    expect((error as Error).message).toBe("watching deployments.apps: too old resource version: 1 (9)");
  });

  it("ends when the signal aborts, even if the stream hangs, and tells the transport", async () => {
    let isClosed = false;
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<unknown>>(() => {}),
        return: async () => {
          isClosed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const { client, clock, transport } = setUp(stream(hanging));
    const controller = new AbortController();
    const ended = collect<WatchEvent<Deployment>>(client.watch(DEPLOYMENT, { signal: controller.signal }));
    await clock.advance(60_000);
    controller.abort();
    await expect(ended).resolves.toEqual([]);
    expect(isClosed).toBe(true);
    expect(transport.requests[0]!.signal?.aborted).toBe(true);
  });

  it("does not cut a quiet stream when the timeout for the answer has passed", async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client, clock } = setUp(
      stream(
        (async function* () {
          await released;
          yield { type: "DELETED", object: DEPLOYMENT_OBJECT };
        })(),
      ),
    );
    const events = collect(client.watch(DEPLOYMENT, { signal: new AbortController().signal }));
    await clock.advance(60_000);
    release();
    await expect(events).resolves.toHaveLength(1);
  });
});

describe("what is told of requests", () => {
  it("is verb, resource with its part, and the server's code", async () => {
    const ok = setUp(json(DEPLOYMENT_OBJECT, 201));
    await ok.client.update(DEPLOYMENT, DEPLOYMENT_OBJECT, { subresource: "status" });
    expect(ok.calls).toEqual([
      { verb: "update", resource: "deployments.apps/status", code: "201", tookMs: 0 },
    ]);
    const refused = setUp(json(failure(403, "Forbidden", "no"), 403));
    await expect(refused.client.get(DEPLOYMENT, KEY)).rejects.toThrow("no");
    expect(refused.calls).toEqual([{ verb: "get", resource: "deployments.apps", code: "403", tookMs: 0 }]);
  });

  it("tells a timeout, a lost connection and a caller who has gone apart", async () => {
    const hanging = setUp(() => new Promise(() => {}));
    const slow = hanging.client.get(DEPLOYMENT, KEY).catch(() => {});
    await hanging.clock.advance(5_000);
    await slow;
    expect(hanging.calls).toEqual([
      { verb: "get", resource: "deployments.apps", code: "timeout", tookMs: 5_000 },
    ]);
    const cut = setUp(() => Promise.reject(new UnreachableError("connection reset")));
    await cut.client.get(DEPLOYMENT, KEY).catch(() => {});
    expect(cut.calls[0]?.code).toBe("unreachable");
    const caller = new AbortController();
    const left = setUp(() => new Promise(() => {}));
    const call = left.client.get(DEPLOYMENT, KEY, { signal: caller.signal }).catch(() => {});
    caller.abort(new Error("never mind"));
    await call;
    expect(left.calls[0]?.code).toBe("cancelled");
  });
});
