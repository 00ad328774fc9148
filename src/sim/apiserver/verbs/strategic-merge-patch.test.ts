import { describe, expect, it } from "vitest";
import { structType } from "../builtin-types.ts";
import type { JsonObject } from "../json-object.ts";
import { strategicMerge } from "./strategic-merge-patch.ts";

const POD = structType("core/v1.PodSpec");

const SPEC = {
  containers: [
    {
      name: "main",
      image: "a:1",
      env: [{ name: "A", value: "1" }],
      ports: [{ containerPort: 80 }],
      args: ["x", "y"],
    },
    { name: "side", image: "b:1" },
  ],
  nodeSelector: { zone: "1" },
};

/** What a patch makes of SPEC. */
const CASES: Readonly<Record<string, readonly [patch: JsonObject, expected: JsonObject]>> = {
  "merges the elements of a list by their key": [
    { containers: [{ name: "side", image: "b:2" }] },
    { ...SPEC, containers: [SPEC.containers[0], { name: "side", image: "b:2" }] },
  ],
  "appends elements with a new key": [
    { containers: [{ name: "third", image: "c" }] },
    { ...SPEC, containers: [...SPEC.containers, { name: "third", image: "c" }] },
  ],
  "merges lists inside of list elements": [
    { containers: [{ name: "main", env: [{ name: "B", value: "2" }] }] },
    {
      ...SPEC,
      containers: [
        {
          ...SPEC.containers[0],
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "2" },
          ],
        },
        SPEC.containers[1],
      ],
    },
  ],
  "replaces a list that has no merge key": [
    { containers: [{ name: "main", args: ["z"] }] },
    { ...SPEC, containers: [{ ...SPEC.containers[0], args: ["z"] }, SPEC.containers[1]] },
  ],
  "deletes an element": [
    { containers: [{ name: "side", $patch: "delete" }] },
    { ...SPEC, containers: [SPEC.containers[0]] },
  ],
  "replaces a whole list": [
    { containers: [{ $patch: "replace" }, { name: "only", image: "o" }] },
    { ...SPEC, containers: [{ name: "only", image: "o" }] },
  ],
  "replaces a whole map": [
    { nodeSelector: { $patch: "replace", disk: "ssd" } },
    { ...SPEC, nodeSelector: { disk: "ssd" } },
  ],
  "deletes a member with null": [{ nodeSelector: { zone: null } }, { ...SPEC, nodeSelector: {} }],
  "orders elements as it is told": [
    { "$setElementOrder/containers": [{ name: "side" }, { name: "main" }], containers: [] },
    { ...SPEC, containers: [SPEC.containers[1], SPEC.containers[0]] },
  ],
  "retains only the keys that it lists": [
    { $retainKeys: ["containers"], containers: [] },
    { containers: SPEC.containers },
  ],
};

describe("a strategic merge patch", () => {
  for (const [title, [patch, expected]] of Object.entries(CASES)) {
    it(title, () => {
      const before = structuredClone(SPEC);
      expect(strategicMerge(POD, SPEC, patch)).toEqual(expected);
      expect(SPEC).toEqual(before);
    });
  }

  it("refuses an element without its merge key", () => {
    expect(() => strategicMerge(POD, SPEC, { containers: [{ image: "nameless" }] })).toThrow(
      "map: map[image:nameless] does not contain declared merge key: name",
    );
  });
});
