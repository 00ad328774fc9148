import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  LegendDisplayMode,
  LineInterpolation,
  MappingType,
  PercentChangeColorMode,
  SortOrder,
  StackingMode,
  type ThresholdsConfig,
  ThresholdsMode,
  TooltipDisplayMode,
  type ValueMapping,
  VisibilityMode,
  VizOrientation,
} from "@grafana/schema";
import type { QueryPanel, Target } from "./grafana.ts";

/** Panels in the few words that tell them apart; what Grafana needs besides is the same for all. */

export const DATASOURCE = { type: "prometheus", uid: "$datasource" } as const;

/** A panel without its place. */
export type Unplaced = QueryPanel extends infer P
  ? P extends QueryPanel
    ? Omit<P, "gridPos" | "id">
    : never
  : never;

/** An expression, and how its series are called. */
export type Query = readonly [expr: string, legend: string];

interface Words {
  readonly title: string;
  /** Said where the title does not say it all. */
  readonly description?: string;
  readonly unit:
    | "short"
    | "s"
    | "ms"
    | "bytes"
    | "percentunit"
    | "reqps"
    | "ops"
    | "dateTimeAsIso"
    | "dateTimeFromNow"
    | "none";
}

interface TimeSeries extends Words {
  readonly queries: readonly Query[];
  readonly max?: number;
  readonly isStacked?: boolean;
  /** Values jump from one to the next, as weights do. */
  readonly isStepped?: boolean;
}

export function timeSeries({
  queries,
  max,
  isStacked = false,
  isStepped = false,
  ...words
}: TimeSeries): Unplaced {
  return {
    type: "timeseries",
    ...titled(words),
    targets: queries.map(rangeTarget),
    options: {
      legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: "bottom", showLegend: true },
      tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
    },
    fieldConfig: {
      defaults: {
        unit: words.unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        custom: {
          fillOpacity: isStacked ? 30 : 8,
          lineWidth: 1,
          showPoints: VisibilityMode.Never,
          stacking: { mode: isStacked ? StackingMode.Normal : StackingMode.None, group: "A" },
          ...(isStepped ? { lineInterpolation: LineInterpolation.StepAfter } : {}),
        },
      },
      overrides: [],
    },
  };
}

interface Stat extends Words {
  readonly expr: string;
  readonly legend?: string;
  /** From which value on a number is yellow, and red. */
  readonly warnFrom?: number;
  readonly failFrom?: number;
  readonly mappings?: readonly ValueMapping[];
  readonly decimals?: number;
}

export function stat({
  expr,
  legend = "",
  warnFrom,
  failFrom,
  mappings = [],
  decimals,
  ...words
}: Stat): Unplaced {
  return {
    type: "stat",
    ...titled(words),
    targets: [rangeTarget([expr, legend], 0)],
    options: {
      colorMode: BigValueColorMode.Value,
      graphMode: BigValueGraphMode.Area,
      justifyMode: BigValueJustifyMode.Auto,
      orientation: VizOrientation.Auto,
      percentChangeColorMode: PercentChangeColorMode.Standard,
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      showPercentChange: false,
      textMode: legend === "" ? BigValueTextMode.Value : BigValueTextMode.ValueAndName,
      wideLayout: true,
    },
    fieldConfig: {
      defaults: {
        unit: words.unit,
        ...(decimals === undefined ? {} : { decimals }),
        mappings: [...mappings],
        thresholds: thresholds(warnFrom, failFrom),
      },
      overrides: [],
    },
  };
}

interface StateTimeline extends Omit<Words, "unit"> {
  readonly queries: readonly Query[];
  readonly mappings: readonly ValueMapping[];
}

/** One row a series, coloured by what its value means. */
export function stateTimeline({ queries, mappings, ...words }: StateTimeline): Unplaced {
  return {
    type: "state-timeline",
    ...titled(words),
    targets: queries.map(rangeTarget),
    options: {
      mergeValues: true,
      rowHeight: 0.85,
      showValue: VisibilityMode.Auto,
      legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: "bottom", showLegend: false },
      tooltip: { mode: TooltipDisplayMode.Single, sort: SortOrder.None },
    },
    fieldConfig: {
      defaults: { mappings: [...mappings], custom: { fillOpacity: 75, lineWidth: 0 } },
      overrides: [],
    },
  };
}

interface Column extends Partial<Pick<Words, "unit">> {
  /** Name of a label, or `Value #A` for the first query's value. */
  readonly of: string;
  readonly title: string;
  readonly mappings?: readonly ValueMapping[];
  /** Where a click on the value leads. */
  readonly link?: { readonly title: string; readonly url: string };
}

interface Table extends Omit<Words, "unit"> {
  /** Instant queries whose series have the same labels: one row each. */
  readonly queries: readonly string[];
  readonly columns: readonly Column[];
}

export function table({ queries, columns, ...words }: Table): Unplaced {
  const names = columns.map(({ of }) => of);
  return {
    type: "table",
    ...titled(words),
    targets: queries.map((expr, index) => instantTarget(expr, index)),
    transformations: [
      { id: "merge", options: {} },
      { id: "filterFieldsByName", options: { include: { names } } },
      {
        id: "organize",
        options: {
          indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
          renameByName: Object.fromEntries(columns.map(({ of, title }) => [of, title])),
        },
      },
    ],
    options: { frameIndex: 0, showHeader: true },
    fieldConfig: { defaults: {}, overrides: columns.flatMap(overrideOf) },
  };
}

function overrideOf({ title, unit, mappings, link }: Column) {
  const properties = [
    ...(unit === undefined ? [] : [{ id: "unit", value: unit }]),
    ...(mappings === undefined ? [] : [{ id: "mappings", value: mappings }]),
    ...(link === undefined ? [] : [{ id: "links", value: [link] }]),
  ];
  return properties.length === 0 ? [] : [{ matcher: { id: "byName", options: title }, properties }];
}

/** Colours and words for values. */
export function valueMapping(
  values: Readonly<Record<string, readonly [text: string, color: string]>>,
): ValueMapping {
  const options = Object.fromEntries(
    Object.entries(values).map(([value, [text, color]], index) => [value, { text, color, index }]),
  );
  return { type: MappingType.ValueToText, options };
}

function titled({ title, description }: Pick<Words, "title" | "description">) {
  return { title, datasource: DATASOURCE, ...(description === undefined ? {} : { description }) };
}

function thresholds(warnFrom: number | undefined, failFrom: number | undefined): ThresholdsConfig {
  const steps: ThresholdsConfig["steps"] = [{ color: "green", value: 0 }];
  if (warnFrom !== undefined) steps.push({ color: "yellow", value: warnFrom });
  if (failFrom !== undefined) steps.push({ color: "red", value: failFrom });
  return { mode: ThresholdsMode.Absolute, steps };
}

function rangeTarget([expr, legendFormat]: Query, index: number): Target {
  return { refId: refId(index), datasource: DATASOURCE, expr, legendFormat, range: true };
}

function instantTarget(expr: string, index: number): Target {
  return { refId: refId(index), datasource: DATASOURCE, expr, format: "table", instant: true, range: false };
}

/** A, B, C, ... */
function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** The field's name of a query's value in a table. */
export function valueField(index: number): string {
  return `Value #${refId(index)}`;
}
