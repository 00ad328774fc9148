import {
  DashboardCursorSync,
  type RowPanel,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/schema";
import type { Dashboard, QueryPanel } from "./grafana.ts";
import { DATASOURCE, type Unplaced } from "./panels.ts";

/** A heading, and below it panels of one height that share the width. */
export interface Row {
  readonly title: string;
  readonly height: number;
  readonly panels: readonly Unplaced[];
}

/** Columns of Grafana's grid. */
const WIDTH = 24;

interface Frame {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far it looks back, as "6h". */
  readonly span: string;
  readonly variables: readonly VariableModel[];
  readonly rows: readonly Row[];
}

export function dashboard({ uid, title, description, span, variables, rows }: Frame): Dashboard {
  return {
    uid,
    title,
    description,
    tags: ["sluice"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair,
    refresh: "30s",
    time: { from: `now-${span}`, to: "now" },
    timezone: "browser",
    links: [
      {
        title: "Sluice",
        type: "dashboards",
        tags: ["sluice"],
        asDropdown: true,
        icon: "external link",
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        tooltip: "",
        url: "",
      },
    ],
    templating: { list: [datasourceVariable(), ...variables] },
    panels: placed(rows),
  };
}

/** Values of a label. */
export function labelVariable(
  name: string,
  label: string,
  query: string,
  change: Partial<VariableModel> = {},
): VariableModel {
  return {
    name,
    label,
    type: "query",
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: VariableRefresh.onTimeRangeChanged,
    sort: VariableSort.alphabeticalAsc,
    hide: VariableHide.dontHide,
    ...change,
  };
}

function datasourceVariable(): VariableModel {
  return {
    name: "datasource",
    label: "Prometheus",
    type: "datasource",
    query: "prometheus",
    hide: VariableHide.dontHide,
  };
}

function placed(rows: readonly Row[]): Dashboard["panels"] {
  const panels: Dashboard["panels"] = [];
  let y = 0;
  for (const row of rows) {
    panels.push(heading(row.title, panels.length + 1, y));
    y += 1;
    const width = Math.floor(WIDTH / row.panels.length);
    for (const [index, panel] of row.panels.entries()) {
      const gridPos = { x: index * width, y, w: width, h: row.height };
      panels.push({ ...panel, id: panels.length + 1, gridPos } as QueryPanel);
    }
    y += row.height;
  }
  return panels;
}

function heading(title: string, id: number, y: number): RowPanel {
  return { type: "row", title, id, collapsed: false, panels: [], gridPos: { x: 0, y, w: WIDTH, h: 1 } };
}
