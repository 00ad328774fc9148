/** A line chart as SVG text: readable on light and dark pages, no script, no fonts. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly yRange: readonly [number, number];
  readonly series: readonly Series[];
  readonly levels?: readonly Level[];
}

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  readonly dashed?: boolean;
}

/** A horizontal line with a name. */
export interface Level {
  readonly name: string;
  readonly y: number;
}

const WIDTH = 720;
const PANEL_HEIGHT = 250;
const LEFT = 64;
const RIGHT = 16;
const TOP = 52;
const BOTTOM = 40;

/** Charts one below the other, over the same time. */
export function drawCharts(charts: readonly Chart[]): string {
  const height = PANEL_HEIGHT * charts.length;
  const panels = charts.map(
    (chart, i) => `<g transform="translate(0 ${i * PANEL_HEIGHT})">${panel(chart)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${panels.join("\n")}
</svg>
`;
}

function panel({ title, xLabel, yLabel, yRange, series, levels = [] }: Chart): string {
  const lastX = Math.max(...series.flatMap(({ points }) => points.map(([x]) => x)));
  const [low, high] = yRange;
  const toX = (x: number): number => LEFT + (x / lastX) * (WIDTH - LEFT - RIGHT);
  const inside = (y: number): number => Math.max(low, Math.min(high, y));
  const toY = (y: number): number =>
    TOP + (1 - (inside(y) - low) / (high - low)) * (PANEL_HEIGHT - TOP - BOTTOM);
  const line = ({ points, colour, dashed = false }: Series): string => {
    const path = points
      .map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(toX(x))} ${round(toY(y))}`)
      .join("");
    const dash = dashed ? ' stroke-dasharray="5 4"' : "";
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`;
  };
  const level = ({ name, y }: Level): string =>
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(toY(y))}" y2="${round(toY(y))}" stroke="#777777" stroke-dasharray="2 3"/>` +
    `<text x="${WIDTH - RIGHT}" y="${round(toY(y)) - 4}" text-anchor="end" fill="#555555">${name}</text>`;
  const xTicks = ticks(0, lastX).map(
    (x) =>
      `<text x="${round(toX(x))}" y="${PANEL_HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#555555">${x}</text>`,
  );
  const yTicks = ticks(low, high).map(
    (y) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(toY(y))}" y2="${round(toY(y))}" stroke="#e5e5e5"/>` +
      `<text x="${LEFT - 8}" y="${round(toY(y)) + 4}" text-anchor="end" fill="#555555">${y}</text>`,
  );
  const legend = series.map(({ name, colour }, i) => {
    const x = LEFT + i * 210;
    return `<rect x="${x}" y="30" width="14" height="4" fill="${colour}"/><text x="${x + 20}" y="37" fill="#333333">${name}</text>`;
  });
  return [
    `<text x="${LEFT}" y="18" font-weight="bold" fill="#222222">${title}</text>`,
    ...legend,
    ...yTicks,
    ...xTicks,
    ...levels.map(level),
    ...series.map(line),
    `<text x="${WIDTH - RIGHT}" y="${PANEL_HEIGHT - 6}" text-anchor="end" fill="#555555">${xLabel}</text>`,
    `<text transform="translate(14 ${PANEL_HEIGHT / 2}) rotate(-90)" text-anchor="middle" fill="#555555">${yLabel}</text>`,
  ].join("\n");
}

/** Round numbers across a range, five or so. */
function ticks(low: number, high: number): readonly number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step + 1e-9) + 1 }, (_, i) =>
    Number((first + i * step).toPrecision(6)),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
