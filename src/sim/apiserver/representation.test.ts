import { describe, expect, it } from "vitest";
import type { ApiResponse } from "../../kube/transport.ts";
import { BUILTIN_RESOURCES } from "./builtin-resources.ts";
import type { JsonObject } from "./json-object.ts";
import { negotiate, represent } from "./representation.ts";
import { StatusFailure } from "./status.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const POD = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name: "p", resourceVersion: "7" },
  spec: { nodeName: "n" },
};

const definition = BUILTIN_RESOURCES.find(({ kind }) => kind === "Pod");
if (definition === undefined) throw new Error("no pods");
const context = { definition, nowMs: () => 0 };

function negotiated(accept: string, query = "") {
  return negotiate({ headers: { accept }, query: new URLSearchParams(query) });
}

function answerOf(body: ApiResponse["body"]): ApiResponse {
  return { status: 200, contentType: "application/json", warnings: [], body };
}

function failureOf(run: () => unknown): number | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof StatusFailure ? error.code : -1;
  }
}

describe("negotiation", () => {
  it.each([
    ["application/json", "Object", "application/json"],
    ["*/*", "Object", "application/json"],
    ["application/*", "Object", "application/json"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "Object", "application/json"],
    ["application/yaml", "Object", "application/yaml"],
    ["application/json;q=0.5,application/yaml", "Object", "application/yaml"],
    ["application/vnd.kubernetes.protobuf,application/json", "Object", "application/json"],
    [`${TABLE},application/json`, "Table", "application/json"],
    [`application/json;as=Table;v=v9;g=meta.k8s.io,${PARTIAL}`, "PartialObjectMetadata", "application/json"],
    ["application/json;as=Table;v=v1;g=other,application/json", "Object", "application/json"],
    ["", "Object", "application/json"],
  ])("of %j gives %s as %s", (accept, form, encoding) => {
    expect(negotiated(accept)).toMatchObject({ form, encoding });
  });

  it.each(["text/html", "application/json;as=Bogus;g=meta.k8s.io", "application/json;q=0"])(
    "of %j fails with 406",
    (accept) => {
      expect(failureOf(() => negotiated(accept))).toBe(406);
    },
  );

  it("refuses a wrong includeObject before anything is done", () => {
    expect(failureOf(() => negotiated(TABLE, "includeObject=Bogus"))).toBe(400);
    expect(failureOf(() => negotiated("application/json", "includeObject=Bogus"))).toBeUndefined();
  });
});

describe("an answer", () => {
  it("stays the very same where nothing else was asked for", () => {
    const answer = answerOf({ kind: "json", value: POD });
    expect(represent(answer, negotiated("application/json"), context)).toBe(answer);
  });

  it("that is a Status is never converted", () => {
    const status = { kind: "Status", apiVersion: "v1", status: "Success" };
    const { body } = represent(answerOf({ kind: "json", value: status }), negotiated(TABLE), context);
    expect(body).toMatchObject({ value: status });
  });

  it("comes as YAML", () => {
    const { body, contentType } = represent(
      answerOf({ kind: "json", value: POD }),
      negotiated("application/yaml"),
      context,
    );
    expect(contentType).toBe("application/yaml");
    expect(body).toEqual({
      kind: "text",
      text: 'kind: Pod\napiVersion: v1\nmetadata:\n  name: p\n  resourceVersion: "7"\nspec:\n  nodeName: n\n',
    });
  });

  it("with whole objects in its rows names the kind of list items", () => {
    const list = {
      kind: "PodList",
      apiVersion: "v1",
      metadata: { resourceVersion: "9" },
      items: [{ metadata: { name: "p" } }],
    };
    const { body } = represent(
      answerOf({ kind: "json", value: list }),
      negotiated(TABLE, "includeObject=Object"),
      context,
    );
    expect(body).toMatchObject({ value: { rows: [{ object: { kind: "Pod", apiVersion: "v1" } }] } });
  });
});

describe("a watch", () => {
  it("as Tables has column definitions in its first event alone, and passes errors on", async () => {
    const error = { kind: "Status", apiVersion: "v1", code: 410 };
    const source = events([
      { type: "ADDED", object: POD },
      { type: "MODIFIED", object: POD },
      { type: "ERROR", object: error },
    ]);
    const { body } = represent(
      answerOf({ kind: "stream", events: source.events }),
      negotiated(TABLE),
      context,
    );
    const seen: JsonObject[] = [];
    if (body.kind === "stream") for await (const event of body.events) seen.push(event as JsonObject);
    expect(seen).toMatchObject([
      { type: "ADDED", object: { kind: "Table", columnDefinitions: expect.any(Array), rows: [{}] } },
      { type: "MODIFIED", object: { kind: "Table", columnDefinitions: null, rows: [{}] } },
      { type: "ERROR", object: error },
    ]);
  });

  it("is ended at its source, also while it waits", async () => {
    const source = events([]);
    const { body } = represent(
      answerOf({ kind: "stream", events: source.events }),
      negotiated(PARTIAL),
      context,
    );
    if (body.kind === "stream") await body.events[Symbol.asyncIterator]().return?.();
    expect(source.isReturned()).toBe(true);
  });
});

function events(items: readonly unknown[]) {
  let returned = false;
  const iterator = items[Symbol.iterator]();
  return {
    isReturned: () => returned,
    events: {
      [Symbol.asyncIterator]: () => ({
        next: async () => iterator.next() as IteratorResult<unknown>,
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    },
  };
}
