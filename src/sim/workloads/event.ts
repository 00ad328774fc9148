import type { KubeObject } from "../../kube/object.ts";

/** An event to be recorded about an object. */
export interface EventDraft {
  readonly about: KubeObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export function normalEvent(about: KubeObject, reason: string, message: string): EventDraft {
  return { about, type: "Normal", reason, message };
}

export function warningEvent(about: KubeObject, reason: string, message: string): EventDraft {
  return { about, type: "Warning", reason, message };
}
