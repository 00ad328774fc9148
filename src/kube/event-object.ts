import { isoTime } from "../lib/time.ts";
import type { Event } from "./kind/cluster.ts";
import type { KubeObject } from "./object.ts";

/** What an event says: a reason in UpperCamelCase and a whole sentence with the numbers in it. */
export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** The API server refuses longer ones. */
export const MAX_MESSAGE_BYTES = 1_024;
const MAX_REASON_BYTES = 128;
const ELLIPSIS = "…";

/** The text, cut at a character so that its UTF-8 form with an ellipsis fits. */
export function limitBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(ELLIPSIS);
  const bytes = Buffer.from(text).subarray(0, room);
  // A character that was cut in two reads as U+FFFD.
  return bytes.toString("utf8").replace(/\uFFFD+$/, "") + ELLIPSIS;
}

/** Tells objects apart, also those of which no uid is known. */
export function identityOf({ kind, metadata }: KubeObject): string {
  return metadata.uid ?? `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

/** A core/v1 Event about an object, as `kubectl describe` finds it: by the uid, kind, name and namespace involved. */
export function eventObject(
  series: {
    readonly object: KubeObject;
    readonly event: EventText;
    readonly name: string;
    readonly count: number;
    readonly firstMs: number;
    readonly lastMs: number;
  },
  reporter: { readonly component: string; readonly instance: string },
): Event {
  const { apiVersion, kind, metadata } = series.object;
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: series.name, namespace: namespace ?? "default" },
    involvedObject: {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    type: series.event.type,
    reason: limitBytes(series.event.reason, MAX_REASON_BYTES),
    message: limitBytes(series.event.message, MAX_MESSAGE_BYTES),
    count: series.count,
    firstTimestamp: isoTime(series.firstMs),
    lastTimestamp: isoTime(series.lastMs),
    source: { component: reporter.component },
    reportingComponent: reporter.component,
    reportingInstance: reporter.instance,
  };
}
