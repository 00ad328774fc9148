import { describe, expect, it } from "vitest";
import { loadScenario, type ReadFile } from "./load.ts";

const ROLLOUT =
  "apiVersion: sluice.dev/v1alpha1\nkind: Rollout\nmetadata: { name: checkout, namespace: shop }\n";
const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: { name: checkout }\n";

function files(texts: Readonly<Record<string, string>>): ReadFile {
  return async (path) => {
    const text = texts[path];
    if (text === undefined) throw new Error("no such file");
    return text;
  };
}

const load = (scenario: string, texts: Readonly<Record<string, string>> = {}) =>
  loadScenario("/stories/a/scenario.yaml", files({ "/stories/a/scenario.yaml": scenario, ...texts }));

describe("loading a scenario", () => {
  it("reads manifests relative to its file, documents and lists in order", async () => {
    const loaded = await load("name: a\nrollout: ../shop/rollout.yaml\nmanifests: [all.yaml]", {
      "/stories/shop/rollout.yaml": ROLLOUT,
      "/stories/a/all.yaml": `# first\n---\n${SERVICE}---\nkind: List\napiVersion: v1\nitems:\n  - { apiVersion: v1, kind: ConfigMap, metadata: { name: c } }\n`,
    });
    expect(loaded.rollout.metadata.name).toBe("checkout");
    expect(loaded.namespace).toBe("shop");
    expect(loaded.objects.map(({ kind }) => kind)).toEqual(["Service", "ConfigMap"]);
  });

  it("takes objects in place of paths, and the Rollout from wherever it stands", async () => {
    const loaded = await load(
      "name: a\nmanifests: [{ apiVersion: sluice.dev/v1alpha1, kind: Rollout, metadata: { name: cart } }]",
    );
    expect(loaded.rollout.metadata.name).toBe("cart");
    expect(loaded.namespace).toBe("default");
    expect(loaded.objects).toEqual([]);
  });

  it("reads ahead what apply actions name", async () => {
    const loaded = await load("name: a\nrollout: r.yaml\ntimeline: [{ at: 1s, apply: more.yaml }]", {
      "/stories/a/r.yaml": ROLLOUT,
      "/stories/a/more.yaml": SERVICE,
    });
    expect(loaded.applied.get("more.yaml")?.map(({ kind }) => kind)).toEqual(["Service"]);
  });

  it.each([
    ["name: a\nrollout: r.yaml", {}, "/stories/a/scenario.yaml: cannot read /stories/a/r.yaml: no such file"],
    ["name: a", {}, "/stories/a/scenario.yaml: rollout: is missing; want the path of a file with a Rollout"],
    [
      "name: a\nrollout: r.yaml",
      { "/stories/a/r.yaml": `${ROLLOUT}---\nkind: Service\n` },
      "/stories/a/r.yaml: document 2: apiVersion: is missing; want a Kubernetes object",
    ],
    [
      "name: a\nrollout: r.yaml",
      { "/stories/a/r.yaml": "a: [" },
      "/stories/a/r.yaml: Flow sequence in block collection",
    ],
  ])("refuses %j in one line", async (scenario, texts, message) => {
    const failure = await load(scenario, texts).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message).not.toContain("\n");
  });
});
