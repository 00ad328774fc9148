import type { ControllerWrite } from "./invariant.ts";

/** Kubernetes events tell people something; they change nothing. */
export function isNotice({ kind }: Pick<ControllerWrite, "kind">): boolean {
  return kind === "Event";
}
