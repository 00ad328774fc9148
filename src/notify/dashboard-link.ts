import type { Transition } from "../api/notification.ts";
import type { DashboardVariable } from "../api/notification-template.ts";
import { templatePieces } from "../api/template.ts";
import { parseTime } from "../lib/time.ts";
import { traceIdOf } from "../telemetry/spans.ts";
import type { Subject } from "./channel.ts";

/** The controller's `dashboardUrl` for one transition, values encoded; undefined where none is set. */
export function dashboardLink(
  template: string | undefined,
  subject: Subject,
  { run, atMs }: Transition,
  cluster: string | undefined,
): string | undefined {
  if (template === undefined) return undefined;
  const values: Readonly<Record<DashboardVariable, string>> = {
    cluster: cluster ?? "",
    namespace: subject.namespace,
    name: subject.name,
    target: subject.target,
    revision: run?.revision ?? "",
    run: run === null ? "" : String(run.id),
    from: String(run === null ? atMs : parseTime(run.startedAt)),
    to: String(atMs),
    trace: run === null ? "" : traceIdOf(subject.uid, run.id),
  };
  return templatePieces(template)
    .map((piece) =>
      "literal" in piece
        ? piece.literal
        : encodeURIComponent(values[piece.variable as DashboardVariable] ?? ""),
    )
    .join("");
}
