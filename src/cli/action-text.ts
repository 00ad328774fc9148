import type { TimelineEntry } from "../app/scenario-file.ts";

/** What a timeline does to the world, as whoever does it would type it. */
export function actionText(action: TimelineEntry["action"]): string {
  switch (action.kind) {
    case "setImage":
      return `kubectl set image ... ${action.image}`;
    case "annotate":
      return `kubectl annotate ... ${Object.entries(action.annotations).map(annotationText).join(" ")}`;
    case "scale":
      return `kubectl scale ... --replicas=${action.replicas}`;
    case "webhook":
      return `webhooks answer otherwise: ${Object.keys(action.answers).join(", ")}`;
    case "loadTester":
      return action.call === undefined
        ? "load tester"
        : `curl -X POST http://flagger-loadtester.test${action.call}`;
    default:
      return action.kind;
  }
}

function annotationText([key, value]: readonly [string, string | null]): string {
  return value === null ? `${key}-` : `${key}=${JSON.stringify(value)}`;
}
