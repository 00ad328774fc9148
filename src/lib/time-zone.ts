/** What the clocks of a place show: month 1 to 12, day 1 to 31, hour 0 to 23. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A place of the IANA time zone database (`Europe/Paris`, `UTC`), as far as the runtime knows it. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  private constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
  }

  /** Null when there is no zone of that name. */
  static named(name: string): TimeZone | null {
    try {
      const parts = { year: "numeric", month: "numeric", day: "numeric" } as const;
      const time = { hour: "numeric", minute: "numeric", hourCycle: "h23" } as const;
      return new TimeZone(name, new Intl.DateTimeFormat("en", { timeZone: name, ...parts, ...time }));
    } catch {
      return null;
    }
  }

  wallTime(timeMs: number): WallTime {
    const found: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(timeMs)) found[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = found;
    return { year, month, day, hour, minute };
  }

  /**
   * The instant at which clocks first show this time. Where they skip it (spring), the instant of the skip; where they
   * show it twice (autumn), the first.
   */
  instantOf(wall: WallTime): number {
    const asUtc = utcOf(wall);
    const candidates = [asUtc - this.offsetMs(asUtc - DAY_MS), asUtc - this.offsetMs(asUtc + DAY_MS)];
    const [early, late] = [Math.min(...candidates), Math.max(...candidates)];
    if (early === late) return early;
    for (const candidate of [early, late]) {
      if (candidate + this.offsetMs(candidate) === asUtc) return candidate;
    }
    return this.#changeBetween(early, late);
  }

  /** How much clocks are ahead of UTC, in milliseconds. */
  offsetMs(timeMs: number): number {
    return utcOf(this.wallTime(timeMs)) - Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
  }

  /** The first minute after `early` with the offset of `late`. */
  #changeBetween(early: number, late: number): number {
    const after = this.offsetMs(late);
    let [low, high] = [early, late];
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
      if (this.offsetMs(middle) === after) high = middle;
      else low = middle;
    }
    return high;
  }
}

/** As if the place were at UTC. */
function utcOf({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}
