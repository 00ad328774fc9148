import { styleText } from "node:util";
import type { Rollout } from "../api/rollout.ts";
import type { WebhookSpec } from "../api/spec-gates.ts";
import type { Approval, GateStatus, RunStatus } from "../api/status.ts";
import { askedHooks, gateOf, hookIntervalOf } from "../core/gates.ts";
import { denialAt } from "../core/gates-schedule.ts";
import { deadlineOfGate } from "../core/gates-waiting.ts";
import { roughDuration } from "../lib/duration.ts";
import { plural } from "../lib/text.ts";
import { moment, parseTime } from "../lib/time.ts";
import { approvalText } from "./approval-text.ts";
import { untilText } from "./hold-view.ts";
import { wrap } from "./run-view.ts";

interface Row {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly style: Parameters<typeof styleText>[0];
}

/** What may hold a run, what it says, and how long it is waited for: `gates    qa  confirm-promotion  waits since ...`. */
export function gateLines({ spec }: Rollout, run: RunStatus, { nowMs, columns }: Now): readonly string[] {
  const noted = (run.gates ?? []).flatMap((gate) =>
    gate.type === "schedule" ? [] : [notedRow(run, gate, nowMs)],
  );
  const quiet = askedHooks(run)
    .filter((hook) => gateOf(run, hook) === undefined)
    .map((hook) => quietRow(run, hook));
  const denial = denialAt(spec.schedule, nowMs);
  const closed = denial === null ? [] : [closedRow(denial, nowMs)];
  return blockOf("gates", [...noted, ...quiet, ...closed], columns);
}

interface Now {
  readonly nowMs: number;
  readonly columns: number;
}

function notedRow(run: RunStatus, gate: GateStatus, nowMs: number): Row {
  const { name, type, state, last = "", answers, since, isAwaited, approvedBy } = gate;
  const from = `since ${moment(parseTime(since), nowMs)}`;
  if (approvedBy !== undefined) return { name, type, style: "green", text: `let pass by ${approvedBy}` };
  if (state === "open") return { name, type, style: "green", text: `yes ${from}: ${last}` };
  const said = state === "asked" ? "no answer yet" : `${last} (${plural(answers, "answer")})`;
  if (isAwaited !== true) return { name, type, style: "yellow", text: `${said} ${from}` };
  return {
    name,
    type,
    style: "yellow",
    text: `waits for its yes ${from}: ${said}${limitText(run, gate, nowMs)}`,
  };
}

function limitText(run: RunStatus, { name, type }: GateStatus, nowMs: number): string {
  const hook = run.spec.webhooks.find((it) => it.name === name && it.type === type);
  if (hook === undefined) return "";
  const act = hook.onTimeout === "rollback" ? "it is rolled back" : "it is paused";
  return `; at most until ${untilText(deadlineOfGate(run, hook), nowMs)}, then ${act}`;
}

/** Asked all along, and as it should be. */
function quietRow(run: RunStatus, hook: WebhookSpec): Row {
  const every = `asked every ${roughDuration(hookIntervalOf(run.spec, hook))}`;
  const text = hook.type === "rollback" ? `${every}, does not ask for it` : `${every}, nothing against it`;
  return { name: hook.name, type: hook.type, style: "dim", text };
}

function closedRow({ untilMs, window }: NonNullable<ReturnType<typeof denialAt>>, nowMs: number): Row {
  const until = untilMs === null ? "for more than a year" : `until ${untilText(untilMs, nowMs)}`;
  return { name: "schedule", type: "", style: "yellow", text: `no weight rises ${until}: ${window}` };
}

/** Who let it go on, oldest first: `approved step 1 by ada (sluice) at 09:02:40 UTC: numbers look good`. */
export function approvalLines(approvals: readonly Approval[], { nowMs, columns }: Now): readonly string[] {
  return approvals.flatMap((approval, index) => {
    const head = index === 0 ? "approved" : "";
    const text = approvalText(approval, (time) => moment(parseTime(time), nowMs));
    const [first = "", ...rest] = wrap(text, columns - 11);
    return [`  ${head.padEnd(9)}${first}`, ...rest.map((line) => `           ${line}`)];
  });
}

function blockOf(title: string, rows: readonly Row[], columns: number): readonly string[] {
  const width = (of: (row: Row) => string) => Math.max(0, ...rows.map((row) => of(row).length));
  const names = width(({ name }) => name);
  const types = width(({ type }) => type);
  return rows.flatMap(({ name, type, text, style }, index) => {
    const head = `  ${(index === 0 ? title : "").padEnd(9)}${name.padEnd(names)}  ${type.padEnd(types)}  `;
    const lines = wrap(text, Math.max(30, columns - head.length));
    return lines.map((line, at) => `${at === 0 ? head : " ".repeat(head.length)}${styleText(style, line)}`);
  });
}
