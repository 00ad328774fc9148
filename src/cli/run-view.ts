import { stripVTControlCharacters, styleText } from "node:util";
import { reservedMatchOf } from "../api/reserved-match.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutSpec } from "../api/spec.ts";
import type { MetricStatus, RunStatus, VerdictResult } from "../api/status.ts";
import { imageText } from "../core/announce.ts";
import { stepsOf, strategyOf } from "../core/steps.ts";
import { roughDuration } from "../lib/duration.ts";
import { clockTime, parseTime } from "../lib/time.ts";

/** How a Rollout looks, piece by piece: the playground and `sluice status` put them together. */

/** One line of the story: something happened. */
export interface StoryLine {
  readonly atMs: number;
  readonly label: string;
  readonly text: string;
  readonly isWarning: boolean;
}

type Style = Parameters<typeof styleText>[0];

const BAR_WIDTH = 40;

export const VERDICT_STYLE: Readonly<Record<VerdictResult, Style>> = {
  pass: "green",
  fail: "red",
  inconclusive: "yellow",
};

export function headline(rollout: Rollout, nowMs: number): string {
  const { namespace = "default", name } = rollout.metadata;
  const phase = rollout.status?.phase ?? "Initializing";
  const run = rollout.status?.run;
  const rejected = phase === "Failed" ? rollout.status?.rejected : undefined;
  const what = run ?? rejected ?? rollout.status?.promoted;
  const image = what === undefined ? "" : imageText(what);
  const age = run === undefined ? "" : ` for ${roughDuration(nowMs - parseTime(run.startedAt))}`;
  return `${styleText("bold", `${namespace}/${name}`)}  ${styleText(phaseStyle(phase), phase)}  ${image}${styleText("dim", age)}`;
}

function phaseStyle(phase: string): Style {
  if (phase === "Failed") return "red";
  return phase === "Succeeded" || phase === "Initialized" ? "green" : "cyan";
}

/** `start ─ 10 % ─ [50 %] ─ promote`, the current place in brackets. */
export function stepLine(run: RunStatus): string {
  const places = ["start", ...(run.spec.shadow === undefined ? [] : ["shadow"]), ...placesOf(run.spec)];
  const current = placeOf(run, places.length);
  const shown = places.map((place, index) => {
    if (index === current) return styleText(run.stage === "RollingBack" ? "red" : "cyan", `[${place}]`);
    return index < current ? place : styleText("dim", place);
  });
  return `  ${shown.join(styleText("dim", " ─ "))}`;
}

function placesOf(spec: RolloutSpec): readonly string[] {
  switch (strategyOf(spec)) {
    case "canary":
      return [...stepsOf(spec).map((step) => `${step.weight} %`), "promote"];
    case "ab":
      return ["A/B", "promote"];
    case "blueGreen":
      return ["preview", "switch and promote"];
  }
}

function placeOf(run: RunStatus, places: number): number {
  const shadow = run.spec.shadow === undefined ? 0 : 1;
  switch (run.stage) {
    case "Confirming":
    case "Starting":
      return 0;
    case "Shadow":
      return 1;
    case "Step":
    case "RollingBack":
      return run.positions.length === 0 ? 0 : 1 + shadow + run.stepIndex;
    case "Shifting":
    case "Promoting":
    case "Finalising":
      return places - 1;
  }
}

/** Who gets which share of requests; a note for either side goes behind its bar. */
export function weightBars(
  rollout: Rollout,
  notes: { readonly primary: string; readonly canary: string },
): readonly string[] {
  const weight = rollout.status?.canaryWeight ?? 0;
  const shadow = rollout.status?.run?.shadowPercent ?? 0;
  const mirror = shadow > 0 ? `mirror ${shadow} %` : "";
  const canary = [mirror, matchNote(rollout.status?.run), notes.canary]
    .filter((note) => note !== "")
    .join(", ");
  return [
    barLine("primary", styleText("green", bar(100 - weight)), 100 - weight, notes.primary),
    barLine("canary ", styleText("yellow", bar(weight)), weight, canary),
  ];
}

/** Requests that reach the canary whatever its weight says. */
function matchNote(run: RunStatus | undefined): string {
  if (run === undefined || run.weight === 100 || !SERVING.has(run.stage)) return "";
  const isMatched = (reservedMatchOf(run.spec)?.canary.length ?? 0) > 0;
  return isMatched ? "requests that match" : "";
}

/** Stages in which the canary is ready to serve. */
const SERVING: ReadonlySet<RunStatus["stage"]> = new Set(["Shadow", "Step", "Shifting", "Promoting"]);

function barLine(side: string, drawn: string, percent: number, note: string): string {
  const tail = note === "" ? "" : styleText("dim", `   ${note}`);
  return `  ${side}  ${drawn} ${String(percent).padStart(3)} %${tail}`;
}

function bar(percent: number): string {
  const filled = percent === 0 ? 0 : Math.max(1, Math.round((percent / 100) * BAR_WIDTH));
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

/** A table as wide as what is in it; how sure it is that the canary is worse goes below each row where there is no room. */
export function evidenceLines({ evidence }: RunStatus, columns: number): readonly string[] {
  if (evidence === undefined) return [];
  const { metrics } = evidence;
  const whole = tableLines([...HEADER, VERDICT, SURE], metrics);
  const width = Math.max(...whole.map((line) => stripVTControlCharacters(line).length));
  if (width <= columns) return [...whole, ""];
  const [head = "", ...rows] = tableLines([...HEADER, VERDICT], metrics);
  const below = metrics.map(({ confidence }) =>
    confidence === undefined ? [] : [styleText("dim", `    ${SURE.title}: ${confidence}`)],
  );
  return [head, ...rows.flatMap((row, index) => [row, ...(below[index] ?? [])]), ""];
}

interface Column {
  readonly title: string;
  cell(metric: MetricStatus): string;
  /** How its cells look. */
  style?(metric: MetricStatus): Style;
}

const HEADER: readonly Column[] = [
  { title: "metric", cell: ({ name }) => name },
  { title: "canary", cell: ({ canary }) => canary ?? "-" },
  { title: "primary", cell: ({ primary }) => primary ?? "-" },
  { title: "held against", cell: ({ limit }) => limit ?? "" },
];
const VERDICT: Column = {
  title: "verdict",
  cell: ({ result }) => result,
  style: ({ result }) => VERDICT_STYLE[result],
};
const SURE: Column = { title: "sure it is worse", cell: ({ confidence }) => confidence ?? "-" };

function tableLines(columns: readonly Column[], metrics: readonly MetricStatus[]): readonly string[] {
  const widths = columns.map(({ title, cell }) =>
    Math.max(title.length, ...metrics.map((metric) => cell(metric).length)),
  );
  const line = (textOf: (column: Column, width: number) => string) =>
    `  ${columns.map((column, index) => textOf(column, widths[index] ?? 0)).join("  ")}`.trimEnd();
  return [
    styleText(
      "dim",
      line(({ title }, width) => title.padEnd(width)),
    ),
    ...metrics.map((metric) =>
      line(({ cell, style }, width) => {
        const text = cell(metric);
        const shown = style === undefined ? text : styleText(style(metric), text);
        return `${shown}${" ".repeat(width - text.length)}`;
      }),
    ),
  ];
}

/** One line for a terminal that scrolls: time, what, why. */
export function storyText(line: StoryLine, columns = Number.POSITIVE_INFINITY): string {
  const label = line.label.padEnd(18);
  const room = Math.max(20, columns - 32);
  const text = line.text.length > room ? `${line.text.slice(0, room - 1)}…` : line.text;
  return `  ${styleText("dim", clockTime(line.atMs))}  ${line.isWarning ? styleText("yellow", label) : label} ${text}`;
}

export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
