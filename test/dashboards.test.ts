import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { controllerDashboard } from "../scripts/dashboards/controller.ts";
import type { Dashboard, QueryPanel } from "../scripts/dashboards/grafana.ts";
import { rolloutDashboard } from "../scripts/dashboards/rollout.ts";
import { rolloutsDashboard } from "../scripts/dashboards/rollouts.ts";
import { unknownIn } from "./support/known-metrics.ts";
import { metricsIn } from "./support/promql-names.ts";

const SCHEMA = JSON.parse(readFileSync("test/fixtures/grafana/dashboard.schema.json", "utf8"));
const validate = new Ajv({ strict: false, discriminator: false }).compile(SCHEMA);

const DASHBOARDS = [rolloutsDashboard(), rolloutDashboard(), controllerDashboard()];

function panelsOf(dashboard: Dashboard): readonly QueryPanel[] {
  return dashboard.panels.filter((panel): panel is QueryPanel => panel.type !== "row");
}

describe.each(DASHBOARDS)("$title", (dashboard) => {
  const panels = panelsOf(dashboard);
  const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

  test("is what Grafana's types say, with no member that Grafana does not know", () => {
    const isValid = validate(JSON.parse(JSON.stringify(dashboard)));
    const errors = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    expect(isValid, errors.join("\n")).toBe(true);
  });

  test.each(expressions)("$title asks for what there is: $expr", ({ expr }) => {
    const used = metricsIn(expr);
    expect(used.length).toBeGreaterThan(0);
    expect(unknownIn(used)).toEqual([]);
  });

  test("fills its lists of names from metrics that there are", () => {
    for (const { type, query } of dashboard.templating.list) {
      if (type !== "query") continue;
      const { query: text } = query as { readonly query: string };
      const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
      expect(
        unknownIn(metricsIn(selector).map(({ name, labels }) => ({ name, labels: [...labels, label] }))),
      ).toEqual([]);
    }
  });

  test("uses no variable that it does not have", () => {
    const known = dashboard.templating.list.map(({ name }) => name);
    const used = [...JSON.stringify(panels).matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name ?? "");
    expect([...new Set(used)].filter((name) => !known.includes(name))).toEqual([]);
  });

  test("has a place of its own for every panel", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { title, gridPos: { x, y, w, h } = { x: 0, y: 0, w: 0, h: 0 } } of dashboard.panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken.has(`${column}/${line}`), `${title} overlaps`).toBe(false);
          taken.add(`${column}/${line}`);
        }
      }
    }
  });
});

test("a dashboard with a member that Grafana does not know, or a panel of no known type, is refused", () => {
  const copy = (): { panels: Record<string, unknown>[] } => JSON.parse(JSON.stringify(DASHBOARDS[0]));
  const misspelt = copy();
  misspelt.panels[1]!["fieldconfig"] = {};
  expect(validate(misspelt)).toBe(false);
  const unknown = copy();
  unknown.panels[1]!["type"] = "graf";
  expect(validate(unknown)).toBe(false);
});

test("a query with a metric, a label or a function that nobody knows is noticed", () => {
  expect(unknownIn(metricsIn("sum by (verb) (rate(sluice_api_request_total[5m]))"))).toEqual([
    "no metric sluice_api_request_total",
  ]);
  expect(unknownIn(metricsIn('sum by (status) (sluice_api_requests_total{kode="200"})'))).toEqual([
    "sluice_api_requests_total has no label kode",
    "sluice_api_requests_total has no label status",
  ]);
  expect(() => metricsIn("sum(rate(sluice_api_requests_total[5m])")).toThrow("parse error");
});
