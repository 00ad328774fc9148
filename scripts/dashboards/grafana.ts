import type {
  FieldConfigSource,
  Panel,
  Dashboard as RawDashboard,
  RowPanel,
  VariableModel,
} from "@grafana/schema";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  Options as StateTimelineOptions,
  FieldConfig as StateTimelineStyle,
} from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type {
  Options as TableOptions,
  FieldConfig as TableStyle,
} from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  Options as TimeSeriesOptions,
  FieldConfig as TimeSeriesStyle,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** Grafana's own types, put together for the panels that our dashboards have. */

/** A query to Prometheus. */
export interface Target {
  refId: string;
  expr: string;
  datasource: { type: "prometheus"; uid: string };
  legendFormat?: string;
  format?: "time_series" | "table";
  instant?: boolean;
  range?: boolean;
}

interface PanelOf<Type extends string, Options, Style>
  extends Omit<Panel, "type" | "options" | "fieldConfig" | "targets"> {
  type: Type;
  title: string;
  gridPos: NonNullable<Panel["gridPos"]>;
  targets: Target[];
  options: Options;
  fieldConfig: FieldConfigSource<Style>;
}

export type QueryPanel =
  | PanelOf<"timeseries", TimeSeriesOptions, Partial<TimeSeriesStyle>>
  | PanelOf<"stat", StatOptions, object>
  | PanelOf<"state-timeline", StateTimelineOptions, Partial<StateTimelineStyle>>
  | PanelOf<"table", TableOptions, Partial<TableStyle>>;

export interface Dashboard extends Omit<RawDashboard, "panels" | "templating"> {
  title: string;
  uid: string;
  panels: (QueryPanel | RowPanel)[];
  templating: { list: VariableModel[] };
}
