import { describe, expect, it } from "vitest";
import { changedTraffic, initialTraffic } from "./traffic.ts";

const START = initialTraffic(
  [
    { host: "checkout", rps: 100, headers: { "x-user": "ann" } },
    { host: "cart", rps: 10, from: { workload: "web" } },
  ],
  "shop",
);

describe("a scenario's traffic", () => {
  it("has a client for each entry", () => {
    expect(START.get("traffic-0")).toEqual({
      host: "checkout",
      rps: 100,
      headers: { "x-user": "ann" },
      from: { workload: "traffic", namespace: "shop", labels: { app: "traffic" } },
    });
    expect(START.get("traffic-1")?.from).toEqual({
      workload: "web",
      namespace: "shop",
      labels: { app: "web" },
    });
  });

  it("changes for one host, and keeps what is not said", () => {
    const changed = changedTraffic(START, [{ host: "checkout", rps: 5 }], "shop");
    expect([...changed]).toEqual([["traffic-0", { ...START.get("traffic-0"), rps: 5 }]]);
  });

  it("changes for all hosts when none is named", () => {
    const changed = changedTraffic(START, [{ rps: 0 }], "shop");
    expect([...changed].map(([name, { rps }]) => [name, rps])).toEqual([
      ["traffic-0", 0],
      ["traffic-1", 0],
    ]);
  });

  it("begins for a host that nobody calls yet", () => {
    const changed = changedTraffic(START, [{ host: "search", rps: 7 }], "shop");
    expect(changed.get("traffic-2")).toMatchObject({ host: "search", rps: 7 });
  });

  it("takes several changes in their order", () => {
    const changed = changedTraffic(START, [{ rps: 1 }, { host: "cart", rps: 2 }], "shop");
    expect([...changed.values()].map(({ rps }) => rps)).toEqual([1, 2]);
  });
});
