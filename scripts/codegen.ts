import { readFileSync, writeFileSync } from "node:fs";
import { cliReference } from "./codegen/cli-reference.ts";
import { rolloutCrd } from "./codegen/crd.ts";
import { metricsReference } from "./codegen/metrics-reference.ts";
import {
  notificationsReference,
  preflightReference,
  reasonsReference,
  rolloutReference,
} from "./codegen/reference.ts";
import { controllerDashboard } from "./dashboards/controller.ts";
import { rolloutDashboard } from "./dashboards/rollout.ts";
import { rolloutsDashboard } from "./dashboards/rollouts.ts";

/** Writes every generated file; with `--check` it writes nothing and fails when one is stale. */
const FILES: Readonly<Record<string, () => string>> = {
  "crds/sluice.dev_rollouts.yaml": rolloutCrd,
  "charts/sluice/files/sluice.dev_rollouts.yaml": rolloutCrd,
  "docs/reference/cli.md": cliReference,
  "docs/reference/rollout.md": rolloutReference,
  "docs/reference/events.md": reasonsReference,
  "docs/reference/notifications.md": notificationsReference,
  "docs/reference/metrics.md": metricsReference,
  "docs/reference/preflight.md": preflightReference,
  "charts/sluice/files/dashboards/rollouts.json": () => json(rolloutsDashboard()),
  "charts/sluice/files/dashboards/rollout.json": () => json(rolloutDashboard()),
  "charts/sluice/files/dashboards/controller.json": () => json(controllerDashboard()),
};

const isCheck = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, generate] of Object.entries(FILES)) {
  const wanted = generate();
  if (wanted === read(path)) continue;
  stale.push(path);
  if (!isCheck) writeFileSync(path, wanted);
}
if (isCheck && stale.length > 0) {
  console.error(`Stale: ${stale.join(", ")}. Run \`npm run codegen\` and commit the result.`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? "Generated files are up to date." : `Wrote ${stale.join(", ")}.`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
