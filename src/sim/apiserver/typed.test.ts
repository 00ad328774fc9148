import { describe, expect, it } from "vitest";
import { typeOfKind } from "./builtin-types.ts";
import { DecodeReport } from "./decode-report.ts";
import type { JsonObject } from "./json-object.ts";
import { readStruct } from "./typed.ts";

function read(apiVersion: string, kind: string, value: JsonObject) {
  const type = typeOfKind(apiVersion, kind);
  if (type === undefined) throw new Error(`no type of ${kind}`);
  const report = new DecodeReport();
  return { object: readStruct(type, value, report), problems: report.problems };
}

describe("a built-in object", () => {
  it("leaves out zero values as Go does, and keeps those behind pointers", () => {
    const { object } = read("apps/v1", "Deployment", {
      spec: {
        replicas: 0,
        paused: false,
        minReadySeconds: 0,
        template: { spec: { hostNetwork: false, containers: [] } },
      },
      status: { replicas: 0 },
    });
    expect(object).toEqual({
      metadata: {},
      spec: {
        replicas: 0,
        selector: null,
        strategy: {},
        template: { metadata: {}, spec: { containers: null } },
      },
      status: {},
    });
  });

  it("drops what it does not know, and says where that stood", () => {
    const { object, problems } = read("v1", "Pod", {
      spec: { containers: [{ name: "a", imagee: "x" }], hostt: 1 },
      other: true,
    });
    expect(object).not.toHaveProperty("other");
    expect(problems).toEqual([
      'unknown field "spec.containers[0].imagee"',
      'unknown field "spec.hostt"',
      'unknown field "other"',
    ]);
  });

  const WRONG: Readonly<Record<string, JsonObject>> = {
    "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container": {
      spec: { containers: "x" },
    },
    "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64":
      {
        spec: { terminationGracePeriodSeconds: 1.5 },
      },
    'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"': {
      metadata: { creationTimestamp: "today" },
    },
  };

  for (const [message, value] of Object.entries(WRONG)) {
    it(`is refused: ${message}`, () => {
      expect(() => read("v1", "Pod", value)).toThrow(message);
    });
  }
});
