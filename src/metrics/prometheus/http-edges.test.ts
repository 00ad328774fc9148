import nock from "nock";
import { describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { SystemClock } from "../../lib/clock.ts";
import { PrometheusSource, type PrometheusSourceOptions } from "./prometheus-source.ts";

const URL = "http://prometheus.test:9090";
const END_MS = 1_700_000_010_000;

function fetchOne(options: Partial<PrometheusSourceOptions> = {}, rows = 1) {
  const source = new PrometheusSource({ clock: new SystemClock(), url: URL, batchWindowMs: 0, ...options });
  return source.fetch({
    canary: { namespace: "shop", workload: "checkout" },
    primary: { namespace: "shop", workload: "checkout-primary" },
    variables: {},
    intervalMs: 10_000,
    fromMs: END_MS - (rows - 1) * 10_000,
    toMs: END_MS,
    metrics: [{ name: "success-rate", min: 99, onFail: "rollback" }],
    phase: "live",
    counts: "requests",
  });
}

async function errorOf(options: Partial<PrometheusSourceOptions> = {}): Promise<string | undefined> {
  const [row] = await fetchOne(options);
  expect(row).toMatchObject({ endMs: END_MS, canary: null, primary: null });
  return row?.error;
}

const api = () => nock(URL).post("/api/v1/query");
const success = (result: unknown, resultType = "vector") => ({
  status: "success",
  data: { resultType, result },
});
const metric = (values: Record<string, string>) => ({
  destination_workload_namespace: "shop",
  destination_workload: "checkout",
  reporter: "destination",
  response_code: "200",
  response_flags: "-",
  ...values,
});

mockHttp();

describe("PrometheusSource over HTTP", () => {
  it("posts one form for each query, with its time and how long it may take", async () => {
    const forms: Record<string, string>[] = [];
    nock(URL)
      .post("/api/v1/query", (form: Record<string, string>) => forms.push(form) > 0)
      .reply(200, success([{ metric: metric({}), value: [1_700_000_010, "12"] }]));
    const [row] = await fetchOne();
    expect(row?.canary).toEqual({ requests: 12, errors: 0, latencyMs: null });
    expect(forms).toHaveLength(1);
    expect(forms[0]).toMatchObject({ time: "1700000010", timeout: "5000ms" });
    expect(forms[0]?.["query"]).toContain(
      'istio_requests_total{reporter=~"source|destination",destination_workload_namespace=~"shop",destination_workload=~"checkout|checkout-primary"}',
    );
  });

  it("asks for a range when it wants several rows", async () => {
    nock(URL)
      .post("/api/v1/query_range", {
        query: /.*/,
        start: "1699999990",
        end: "1700000010",
        step: "10",
        timeout: "5000ms",
      })
      .reply(
        200,
        success(
          [
            {
              metric: metric({}),
              values: [
                [1_699_999_990, "1"],
                [1_700_000_010, "3"],
              ],
            },
          ],
          "matrix",
        ),
      );
    expect((await fetchOne({}, 3)).map(({ canary }) => canary?.requests ?? null)).toEqual([1, null, 3]);
  });

  it.each([
    [
      503,
      { status: "error", errorType: "unavailable", error: "TSDB not ready" },
      "Prometheus answered HTTP 503: TSDB not ready",
    ],
    [502, "<html>Bad Gateway</html>", "Prometheus answered HTTP 502"],
    [401, "", "Prometheus answered HTTP 401"],
    [
      400,
      { status: "error", errorType: "bad_data", error: "1:1: parse error: x" },
      "Prometheus refused the query, HTTP 400: 1:1: parse error: x",
    ],
    [
      422,
      { status: "error", errorType: "execution", error: "too many samples" },
      "Prometheus refused the query, HTTP 422: too many samples",
    ],
  ])("turns HTTP %i into a sentence", async (status, body, sentence) => {
    api().reply(status, body);
    expect(await errorOf()).toBe(sentence);
  });

  it("does not follow redirects", async () => {
    api().reply(302, "", { location: "http://elsewhere.test/" });
    const elsewhere = nock("http://elsewhere.test").get("/").reply(200, success([]));
    expect(await errorOf()).toBe("Prometheus answered HTTP 302; redirects are not followed");
    expect(elsewhere.isDone()).toBe(false);
  });

  it.each([
    ["a page", "<html>Welcome</html>"],
    ["half an answer", '{"status":"success","data":{"resultType":"vec'],
    ["an empty body", ""],
    ["another JSON", { hello: "world" }],
    ["no result", { status: "success", data: { resultType: "vector" } }],
    ["a series without labels", success([{ value: [1, "1"] }])],
    ["a value that is no text", success([{ metric: {}, value: [1, 1] }])],
    ["null", "null"],
  ])("takes %s for what it is not", async (_, body) => {
    api().reply(200, body);
    expect(await errorOf()).toBe("Prometheus' answer is not the JSON of its query API");
  });

  it("refuses an answer that is larger than the limit", async () => {
    api().reply(200, success([{ metric: { filler: "x".repeat(5_000) }, value: [1, "1"] }]));
    expect(await errorOf({ maxResponseBytes: 1_000 })).toBe("Prometheus' answer is larger than the limit");
  });

  it("gives up on an answer that does not come", async () => {
    api().delay(5_000).reply(200, success([]));
    expect(await errorOf({ timeoutMs: 40 })).toBe("Prometheus did not answer within 40ms");
  });

  it("says that nobody listens", async () => {
    api().replyWithError(
      Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:9090"), { code: "ECONNREFUSED" }),
    );
    expect(await errorOf()).toBe("Prometheus cannot be reached: connect ECONNREFUSED 10.0.0.1:9090");
  });

  it.each([
    ["NaN", "NaN"],
    ["+Inf", "Infinity"],
    ["-3", "-3"],
  ])("takes a growth by %s for no evidence", async (value, text) => {
    api().reply(200, success([{ metric: metric({}), value: [1_700_000_010, value] }]));
    expect(await errorOf()).toBe(
      `istio_requests_total of shop/checkout grew by ${text}, want a number from 0`,
    );
  });

  it.each([
    ["basic", { kind: "basic", username: "me", password: "s3cret" }, `Basic ${btoa("me:s3cret")}`],
    ["bearer", { kind: "bearer", token: "s3cret" }, "Bearer s3cret"],
  ] as const)("sends %s credentials, and never shows them", async (_, auth, header) => {
    nock(URL, { reqheaders: { authorization: header } })
      .post("/api/v1/query")
      .reply(403, "s3cret");
    const error = await errorOf({ auth: async () => auth });
    expect(error).toBe("Prometheus answered HTTP 403");
  });

  it("works below a path", async () => {
    nock(URL).post("/prom/api/v1/query").reply(200, success([]));
    const [row] = await fetchOne({ url: `${URL}/prom/` });
    expect(row).toEqual({ endMs: END_MS, canary: null, primary: null, own: {} });
  });
});

describe("what is told of queries", () => {
  const resultOf = async (options: Partial<PrometheusSourceOptions> = {}) => {
    // A fetch that has run out of time does not wait for its queries to notice.
    const told = Promise.withResolvers<string>();
    await fetchOne({ ...options, onQuery: ({ result }) => told.resolve(result) });
    return told.promise;
  };

  it.each([
    ["ok", 200, success([])],
    ["refused", 422, { status: "error", error: "too many samples" }],
    ["status", 503, ""],
    ["malformed", 200, "<html>"],
  ])("is %s for HTTP %i", async (result, status, body) => {
    api().reply(status, body);
    expect(await resultOf()).toBe(result);
  });

  it("is how it failed when there is no answer", async () => {
    api().replyWithError("connection refused");
    expect(await resultOf()).toBe("unreachable");
    api().delay(2_000).reply(200, success([]));
    expect(await resultOf({ timeoutMs: 50 })).toBe("timeout");
  });
});
