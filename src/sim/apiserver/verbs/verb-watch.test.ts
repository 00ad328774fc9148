import { describe, expect, it } from "vitest";
import { ApiCalls, type Json } from "../../../../test/support/api-calls.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, labels = {}) => ({ metadata: { name, labels }, data: { a: "1" } });

async function open(api: ApiCalls, path: string, signal?: AbortSignal) {
  const [bare = "", query = ""] = path.split("?");
  const answer = await api.server.send({
    method: "GET",
    path: bare,
    query: new URLSearchParams(query),
    headers: {},
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.body.kind !== "stream") throw new Error("no watch");
  return answer.body.events[Symbol.asyncIterator]() as AsyncIterator<Json>;
}

describe("a watch", () => {
  it("delivers a change without time passing", async () => {
    const api = new ApiCalls();
    const events = await open(api, `${CONFIG_MAPS}?watch=true`);
    const next = events.next();
    await api.post(CONFIG_MAPS, configMap("a"));
    expect((await next).value).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } });
  });

  it("ends with its timeout, its signal, or the return of its iterator", async () => {
    const api = new ApiCalls();
    const timed = await open(api, `${CONFIG_MAPS}?watch=true&timeoutSeconds=5`);
    const controller = new AbortController();
    const aborted = await open(api, `${CONFIG_MAPS}?watch=true`, controller.signal);
    const returned = await open(api, `${CONFIG_MAPS}?watch=true`);
    controller.abort();
    await returned.return?.();
    await api.post(CONFIG_MAPS, configMap("a"));
    await api.clock.advance(5_000);
    expect((await aborted.next()).done).toBe(true);
    expect((await returned.next()).done).toBe(true);
    expect((await timed.next()).value["type"]).toBe("ADDED");
    expect((await timed.next()).done).toBe(true);
  });

  it("shows objects that enter and leave its selection as ADDED and DELETED", async () => {
    const api = new ApiCalls();
    const watch = await api.watch(`${CONFIG_MAPS}?watch=true&labelSelector=team%3Dx&timeoutSeconds=1`);
    await api.post(CONFIG_MAPS, configMap("a"));
    await api.patch(`${CONFIG_MAPS}/a`, { metadata: { labels: { team: "x" } } });
    await api.patch(`${CONFIG_MAPS}/a`, { metadata: { labels: { team: "y" } } });
    await api.clock.advance(1_000);
    expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
    expect(watch.events[1]?.["object"].metadata.labels).toEqual({ team: "x" });
  });

  it("from a version that is no longer kept is one ERROR of 410", async () => {
    const api = new ApiCalls({ historyLimit: 5 });
    const first = (await api.post(CONFIG_MAPS, configMap("a"))).body["metadata"].resourceVersion;
    for (let count = 0; count < 20; count++)
      await api.patch(`${CONFIG_MAPS}/a`, { data: { a: String(count) } });
    const watch = await api.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${first}`);
    await watch.done;
    expect(watch.events).toMatchObject([{ type: "ERROR", object: { code: 410, reason: "Expired" } }]);
    const last = (await api.get(CONFIG_MAPS)).body["metadata"].resourceVersion;
    const fresh = await api.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${last}&timeoutSeconds=1`);
    await api.clock.advance(1_000);
    expect(fresh.events).toEqual([]);
  });

  it("with sendInitialEvents lists, marks the end of the list, and goes on", async () => {
    const api = new ApiCalls();
    await api.post(CONFIG_MAPS, configMap("a"));
    const query =
      "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
    const watch = await api.watch(`${CONFIG_MAPS}?${query}&timeoutSeconds=1`);
    await api.post(CONFIG_MAPS, configMap("b"));
    await api.clock.advance(1_000);
    expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK", "ADDED"]);
    expect(watch.events[1]?.["object"].metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  });
});
