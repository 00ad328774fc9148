import type { AnyObject } from "../../kube/object.ts";
import type { Draft } from "./json-object.ts";

/** Members of events.k8s.io/v1 Events and what the stored core/v1 Events call them. The others have one name. */
const NAMES: readonly (readonly [string, string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];

const TO_CORE = new Map(NAMES);
const FROM_CORE = new Map(NAMES.map(([name, core]) => [core, name]));

/** core/v1 says null and "" where events.k8s.io/v1 says nothing. */
export function eventToCore(draft: Draft): Draft {
  return {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    reportingComponent: "",
    reportingInstance: "",
    ...renamed(draft, TO_CORE),
  };
}

export function eventFromCore(object: AnyObject): Draft {
  const draft = renamed(object, FROM_CORE);
  for (const name of ["reportingController", "reportingInstance"]) if (draft[name] === "") delete draft[name];
  return draft;
}

function renamed(object: Readonly<Record<string, unknown>>, names: ReadonlyMap<string, string>): Draft {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]));
}
