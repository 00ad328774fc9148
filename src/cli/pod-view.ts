import { styleText } from "node:util";
import type { PodLine } from "../app/pod-lines.ts";
import { plural, shorten } from "../lib/text.ts";

/** Pods shown one by one; of more the rest is counted. */
const SHOWN = 6;

/** The pods of a run one by one, those in trouble first: `pods     checkout-7d9f8c6b5-x2x4z  ready, 1 restart`. */
export function podTable(pods: readonly PodLine[], columns: number): readonly string[] {
  const shown = pods.slice(0, SHOWN);
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.map((pod, index) => {
    const head = `  ${(index === 0 ? "pods" : "").padEnd(9)}${pod.name.padEnd(width)}  `;
    const text = shorten(textOf(pod), Math.max(20, columns - head.length));
    return `${head}${styleText(pod.isReady ? "green" : "yellow", text)}`;
  });
  const more = pods.length - shown.length;
  return more > 0 ? [...lines, styleText("dim", `           and ${plural(more, "more pod")}`)] : lines;
}

function textOf({ isReady, restarts, trouble }: PodLine): string {
  if (!isReady) return trouble;
  return restarts === 0 ? "ready" : `ready, ${plural(restarts, "restart")}`;
}
