import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonPath } from "./json-path.ts";

const OBJECT = {
  spec: {
    replicas: 3,
    ports: [{ name: "a", port: 80 }, { name: "b", port: 81 }, { port: 82 }],
    "odd.name": { "x y": 1 },
  },
  metadata: { annotations: { "example.com/kind": "odd" } },
  status: {
    conditions: [
      { type: "Ready", status: "True", count: 3 },
      { type: "Promoted", status: "False", count: 5 },
    ],
  },
};

describe("a path", () => {
  it.each([
    [".spec.replicas", [3]],
    ["$.spec.replicas", [3]],
    [".spec.ports[1].port", [81]],
    [".spec.ports[-1].port", [82]],
    [".spec.ports[0:2].port", [80, 81]],
    [".spec.ports[1:].port", [81, 82]],
    [".spec.ports[*].port", [80, 81, 82]],
    [".spec.ports.*.port", [80, 81, 82]],
    ["..port", [80, 81, 82]],
    [".spec['odd.name']['x y']", [1]],
    [".spec.odd\\.name['x y']", [1]],
    [".metadata.annotations.example\\.com/kind", ["odd"]],
    ['.metadata.annotations["example.com/kind"]', ["odd"]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type == 'Promoted')].status", ["False"]],
    [".status.conditions[?(@.type!='Ready')].type", ["Promoted"]],
    [".status.conditions[?(@.count>3)].type", ["Promoted"]],
    [".status.conditions[?(@.count<=3)].type", ["Ready"]],
    [".spec.ports[?(@.name)].port", [80, 81]],
    [".spec.nothing.here", []],
    [".spec.replicas.deeper", []],
    [".spec.ports[9].port", []],
    [".", [OBJECT]],
  ])("%s finds %j", (text, found) => {
    expect(parseJsonPath(text)?.find(OBJECT)).toEqual(found);
  });

  it.each(["spec", ".spec[", ".spec[x]", ".a[?(@.b==)]", ".a[?(b==1)]"])("is not %s", (text) => {
    expect(parseJsonPath(text)).toBeUndefined();
  });

  it("never reaches what is not the object's own", () => {
    expect(parseJsonPath(".spec.constructor")?.find(OBJECT)).toEqual([]);
    expect(parseJsonPath(".__proto__")?.find(OBJECT)).toEqual([]);
  });

  it("finds the member of any name once it is quoted", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer(), (name, value) => {
        const quoted = name.replace(/['\\]/g, "\\$&");
        const object = Object.fromEntries([[name, value]]);
        expect(parseJsonPath(`['${quoted}']`)?.find(object)).toEqual([value]);
      }),
    );
  });
});
