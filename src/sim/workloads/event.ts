import type { EventText } from "../../kube/event-object.ts";

export function normalEvent(reason: string, message: string): EventText {
  return { type: "Normal", reason, message };
}

export function warningEvent(reason: string, message: string): EventText {
  return { type: "Warning", reason, message };
}
