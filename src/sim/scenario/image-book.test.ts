import { describe, expect, it } from "vitest";
import { HEALTHY_IMAGE } from "../image.ts";
import { ScenarioImages } from "./image-book.ts";

const POD = (uid: string, owner = "rs-1") => ({ uid, owner });

describe("the images of a scenario", () => {
  const entry = {
    differs: { errorRate: 0.1 },
    perPod: [{ index: 1, differs: { errorRate: 1 } }],
  };

  it("are healthy where nothing is said", () => {
    expect(new ScenarioImages({}).behaviour("other")).toEqual(HEALTHY_IMAGE);
    expect(new ScenarioImages({ shop: entry }).behaviour("shop")).toEqual({
      ...HEALTHY_IMAGE,
      errorRate: 0.1,
    });
  });

  it("number pods within their owner, and give a number again when its pod is ending", () => {
    const images = new ScenarioImages({ shop: entry });
    const rates = (...uids: string[]) => uids.map((uid) => images.behaviour("shop", POD(uid)).errorRate);
    expect(rates("a", "b", "c")).toEqual([0.1, 1, 0.1]);
    expect(images.behaviour("shop", POD("d", "rs-2")).errorRate).toBe(0.1);
    images.end(POD("b"));
    expect(rates("e", "a", "b", "c")).toEqual([1, 0.1, 1, 0.1]);
    images.forget(POD("e"));
    expect(rates("f", "b")).toEqual([1, 1]);
  });

  it("may change while pods run; what is not said stays", () => {
    const images = new ScenarioImages({ shop: entry });
    images.change({ shop: { differs: { latency: { p50Ms: 1, p99Ms: 2 } }, perPod: [] } });
    expect(images.behaviour("shop", POD("a"))).toMatchObject({ errorRate: 0.1, latency: { p50Ms: 1 } });
    expect(images.behaviour("shop", POD("b"))).toMatchObject({ errorRate: 1, latency: { p50Ms: 1 } });
  });
});
