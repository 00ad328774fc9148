import { PrometheusDriver } from "prometheus-query";
import { afterEach, describe, expect, it } from "vitest";
import { SystemClock } from "../../lib/clock.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { inProcessAdapter } from "./axios-adapter.ts";
import { EmbeddedPrometheus } from "./embedded-prometheus.ts";
import { listenPrometheus, type RunningServer } from "./http-server.ts";
import type { ScrapedSample } from "./scraper.ts";

function counting(step = 10): () => readonly ScrapedSample[] {
  let total = 0;
  return () => {
    total += step;
    return [{ name: "requests_total", labels: { code: "200" }, value: total }];
  };
}

function onVirtualTime() {
  const clock = new VirtualClock();
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: 5_000 });
  const query = async (text: string) => {
    const { body } = await prometheus.handle("/api/v1/query", new URLSearchParams({ query: text }));
    const { data } = body as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => [metric, value[1]] as const);
  };
  return { clock, prometheus, query };
}

describe("the embedded Prometheus", () => {
  it("scrapes a target every interval and answers queries about it", async () => {
    const { clock, prometheus, query } = onVirtualTime();
    prometheus.addTarget({ labels: { job: "app", instance: "a" }, collect: counting() });
    await clock.advance(60_000);
    expect(await query("sum(increase(requests_total[30s]))")).toEqual([[{}, "60"]]);
    expect(await query("up")).toEqual([[{ __name__: "up", instance: "a", job: "app" }, "1"]]);
  });

  it("forgets a target's series at once when it is removed", async () => {
    const { clock, prometheus, query } = onVirtualTime();
    const remove = prometheus.addTarget({ labels: { instance: "a" }, collect: counting() });
    await clock.advance(20_000);
    expect(await query("requests_total")).toHaveLength(1);
    remove();
    await clock.advance(1);
    expect(await query("requests_total or up")).toEqual([]);
    expect(await query("last_over_time(requests_total[1m])")).toHaveLength(1);
  });

  it("reports up 0 for a target that cannot be reached, and finds its series again afterwards", async () => {
    const { clock, prometheus, query } = onVirtualTime();
    const collect = counting();
    let reachable = true;
    prometheus.addTarget({ labels: { instance: "a" }, collect: () => (reachable ? collect() : null) });
    await clock.advance(20_000);
    reachable = false;
    await clock.advance(5_000);
    expect(await query("up")).toEqual([[{ __name__: "up", instance: "a" }, "0"]]);
    expect(await query("requests_total")).toEqual([]);
    reachable = true;
    await clock.advance(5_000);
    expect(await query("requests_total")).toHaveLength(1);
  });

  it("serves prometheus-query through axios on virtual time, without a socket", async () => {
    const { clock, prometheus } = onVirtualTime();
    prometheus.addTarget({ labels: { instance: "a" }, collect: counting() });
    await clock.advance(30_000);
    const driver = new PrometheusDriver({
      endpoint: "http://prometheus",
      requestInterceptor: {
        onFulfilled: (config) => ({ ...config, adapter: inProcessAdapter(prometheus) }),
      },
    });
    let result: unknown = null;
    void driver.instantQuery("sum(requests_total)", clock.now()).then((found) => {
      result = found.result[0]?.value.value;
    });
    await clock.advance(1);
    expect(result).toBe(60);
  });

  it.each([
    ["down", { kind: "down" }, "rejects: connect ECONNREFUSED"],
    [
      "erroring",
      { kind: "errors" },
      '503 {"status":"error","errorType":"unavailable","error":"TSDB not ready"}',
    ],
    ["empty", { kind: "empty" }, '200 {"status":"success","data":{"resultType":"vector","result":[]}}'],
    ["slow", { kind: "slow", delayMs: 5_000 }, "no answer yet"],
  ] as const)("can be made %s", async (_, fault, expected) => {
    const { clock, prometheus } = onVirtualTime();
    prometheus.addTarget({ labels: { instance: "a" }, collect: counting() });
    await clock.advance(30_000);
    prometheus.setFault(fault);
    let seen = "no answer yet";
    void prometheus.handle("/api/v1/query", new URLSearchParams({ query: "requests_total" })).then(
      ({ status, body }) => {
        seen = `${status} ${JSON.stringify(body)}`;
      },
      (error: Error) => {
        seen = `rejects: ${error.message}`;
      },
    );
    await clock.advance(4_999);
    expect(seen).toBe(expected);
  });

  it("can be made to answer NaN", async () => {
    const { clock, prometheus, query } = onVirtualTime();
    prometheus.addTarget({ labels: { instance: "a" }, collect: counting() });
    await clock.advance(30_000);
    prometheus.setFault({ kind: "nan" });
    expect((await query("sum(requests_total)"))[0]?.[1]).toBe("NaN");
    prometheus.setFault(null);
    expect((await query("sum(requests_total)"))[0]?.[1]).toBe("60");
  });
});

describe("the embedded Prometheus over HTTP", () => {
  let server: RunningServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  it("answers GET and POST, cuts connections while down, and is back afterwards", async () => {
    const prometheus = new EmbeddedPrometheus({ clock: new SystemClock(), scrapeIntervalMs: 5_000 });
    server = await listenPrometheus(prometheus, { host: "127.0.0.1", port: 0 });
    const { url } = server;
    const get = await fetch(`${url}/api/v1/query?query=1%2B1&time=5`);
    expect(await get.json()).toEqual({
      status: "success",
      data: { resultType: "scalar", result: [5, "2"] },
    });
    const post = await fetch(`${url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: "rate(x)" }),
    });
    expect(post.status).toBe(400);
    expect(await post.json()).toEqual({
      status: "error",
      errorType: "bad_data",
      error:
        'invalid parameter "query": 1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    });
    prometheus.setFault({ kind: "down" });
    await expect(fetch(`${url}/-/healthy`)).rejects.toThrow();
    prometheus.setFault(null);
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
  });
});
