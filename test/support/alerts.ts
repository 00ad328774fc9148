import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";

export const ALERTS_FILE = "charts/sluice/files/alerts.yaml";

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<"summary" | "description" | "runbook_url", string>>;
}

export const ALERT_RULES: readonly AlertRule[] = parse(readFileSync(ALERTS_FILE, "utf8")).groups.flatMap(
  (group: { readonly rules: readonly AlertRule[] }) => group.rules,
);

/** What Prometheus has scraped, and what becomes of an alert. */
export interface AlertStory {
  /** From one sample to the next, and from one look at the rules to the next; a minute where nothing is said. */
  readonly every?: "1m" | "5m";
  /** Series to values, as promtool writes them: "0+1x60" rises by one with each of 60 samples. */
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked at. */
  readonly at: string;
  /** Labels besides severity, and the summary that people read; absent: it does not fire. */
  readonly fires?: { readonly labels: Readonly<Record<string, string>>; readonly summary: string };
}

/** Whether there is a promtool in PATH, as Debian's package prometheus has it. */
export function hasPromtool(): boolean {
  return spawnSync("promtool", ["--version"]).status === 0;
}

/** Runs stories, by alert, through `promtool test rules`. What it has to say of those that end otherwise; "": nothing. */
export function playAlerts(stories: Readonly<Record<string, readonly AlertStory[]>>): string {
  return EVERY.map((every) => playAt(every, stories)).join("");
}

/** Hours in minutes would take promtool seconds. */
const EVERY = ["1m", "5m"] as const;

function playAt(
  every: (typeof EVERY)[number],
  stories: Readonly<Record<string, readonly AlertStory[]>>,
): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-alerts-"));
  const file = join(folder, "test.yaml");
  const tests = {
    rule_files: [resolve(ALERTS_FILE)],
    evaluation_interval: every,
    tests: ALERT_RULES.flatMap((rule) =>
      (stories[rule.alert] ?? [])
        .filter((story) => (story.every ?? "1m") === every)
        .map((story) => testOf(rule, story, every)),
    ),
  };
  try {
    writeFileSync(file, stringify(tests));
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    return status === 0 ? "" : stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function testOf(rule: AlertRule, story: AlertStory, interval: string): object {
  return {
    interval,
    input_series: Object.entries(story.series).map(([series, values]) => ({ series, values })),
    alert_rule_test: [{ eval_time: story.at, alertname: rule.alert, exp_alerts: expected(rule, story) }],
  };
}

function expected({ labels, annotations }: AlertRule, { fires }: AlertStory): readonly unknown[] {
  if (fires === undefined) return [];
  return [
    {
      exp_labels: { ...labels, ...fires.labels },
      exp_annotations: { ...annotations, summary: fires.summary },
    },
  ];
}
