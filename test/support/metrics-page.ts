/** A page in Prometheus' text format, for tests to look at. */
export class MetricsPage {
  readonly text: string;
  /** Series as they are written, `name{label="value"}`, to their values. */
  readonly series: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.text = text;
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    this.series = new Map(
      lines.map((line) => {
        const space = line.lastIndexOf(" ");
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }

  /** The value of a series; undefined: there is none. */
  get(series: string): number | undefined {
    return this.series.get(series);
  }

  /** Series of a metric whose labels hold all these texts. */
  of(name: string, ...labels: readonly string[]): readonly string[] {
    return [...this.series.keys()].filter(
      (series) => series.replace(/\{.*/, "") === name && labels.every((label) => series.includes(label)),
    );
  }

  /** Names of metrics that have a series. */
  get names(): ReadonlySet<string> {
    return new Set([...this.series.keys()].map((series) => series.replace(/\{.*/, "")));
  }
}
