import type { TimeZone } from "./time-zone.ts";

/**
 * Times of a cron expression: minute, hour, day of the month, month, day of the week; lists, ranges, steps and English
 * names; 7 is Sunday too. Where both days are restricted either may match, as in Vixie's cron (crontab(5)).
 */
export interface CronTimes {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** One of the days suffices. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Words for `least`, `least` + 1, ... */
  readonly words?: readonly string[];
}

const MINUTE: Field = { name: "minute", least: 0, most: 59 };
const HOUR: Field = { name: "hour", least: 0, most: 23 };
const DAY: Field = { name: "day of the month", least: 1, most: 31 };
const MONTH: Field = {
  name: "month",
  least: 1,
  most: 12,
  words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Field = {
  name: "day of the week",
  least: 0,
  most: 7,
  words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/** The times of an expression such as `0 18 * * fri`; or what is wrong with it. */
export function parseCron(text: string): CronTimes | { readonly problem: string } {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) {
    return {
      problem: `has ${fields.length} fields; want minute, hour, day of the month, month, day of the week`,
    };
  }
  const problems: string[] = [];
  const read = (index: number, field: Field): ReadonlySet<number> => {
    const values = valuesOf(fields[index] ?? "", field);
    if (typeof values !== "string") return values;
    problems.push(values);
    return new Set();
  };
  const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b);
  const times: CronTimes = {
    minutes: sorted(read(0, MINUTE)),
    hours: sorted(read(1, HOUR)),
    days: read(2, DAY),
    months: read(3, MONTH),
    weekdays: new Set([...read(4, WEEKDAY)].map((weekday) => weekday % 7)),
    eitherDay: !fields[2]?.startsWith("*") && !fields[4]?.startsWith("*"),
  };
  return problems.length === 0 ? times : { problem: problems.join("; ") };
}

function valuesOf(text: string, field: Field): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
    const bounds = boundsOf(range, field, step !== undefined);
    const by = step === undefined ? 1 : Number(step);
    if (bounds === null || by === 0 || bounds.from > bounds.to) {
      const words = field.words === undefined ? "" : `, or ${field.words[0]} to ${field.words.at(-1)}`;
      return `"${item}" is no ${field.name}; want ${field.least} to ${field.most}${words}, ranges as 1-5 and steps as */2`;
    }
    for (let value = bounds.from; value <= bounds.to; value += by) values.add(value);
  }
  return values;
}

function boundsOf(
  range: string,
  field: Field,
  hasStep: boolean,
): { readonly from: number; readonly to: number } | null {
  if (range === "*") return { from: field.least, to: field === WEEKDAY ? 6 : field.most };
  const [first = "", last, ...more] = range.split("-");
  const from = numberOf(first, field);
  // `5/10` is from 5 on, every 10.
  const open = hasStep ? field.most : from;
  const to = last === undefined ? open : numberOf(last, field);
  return from === null || to === null || more.length > 0 ? null : { from, to };
}

function numberOf(text: string, field: Field): number | null {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return field.least + word;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.least && value <= field.most ? value : null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The last time at or before `atMs`, unless it is more than `withinMs` ago: then null. */
export function lastTime(times: CronTimes, zone: TimeZone, atMs: number, withinMs: number): number | null {
  const firstDay = dayOf(zone, atMs - withinMs) - 1;
  for (let day = dayOf(zone, atMs) + 1; day >= firstDay; day--) {
    if (!isDayOf(times, day)) continue;
    const ofDay = timesOfDay(times, day);
    const found = ofDay[firstAfter(ofDay, zone, atMs) - 1];
    if (found === undefined) continue;
    const instant = instantOf(zone, found);
    return instant >= atMs - withinMs ? instant : null;
  }
  return null;
}

/** The first time after `afterMs`; null when there is none `withinMs` from then. */
export function nextTime(times: CronTimes, zone: TimeZone, afterMs: number, withinMs: number): number | null {
  const lastDay = dayOf(zone, afterMs + withinMs) + 1;
  for (let day = dayOf(zone, afterMs) - 1; day <= lastDay; day++) {
    if (!isDayOf(times, day)) continue;
    const ofDay = timesOfDay(times, day);
    const found = ofDay[firstAfter(ofDay, zone, afterMs)];
    if (found === undefined) continue;
    const instant = instantOf(zone, found);
    return instant <= afterMs + withinMs ? instant : null;
  }
  return null;
}

/** Days since 1970-01-01 of the place. */
function dayOf(zone: TimeZone, timeMs: number): number {
  return Math.floor((timeMs + zone.offsetMs(timeMs)) / DAY_MS);
}

/** Index of the first whose instant is after `timeMs`: clocks that are set never bring a later time to an earlier instant. */
function firstAfter(ofDay: readonly number[], zone: TimeZone, timeMs: number): number {
  let [low, high] = [0, ofDay.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (instantOf(zone, ofDay[middle] ?? 0) > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `day` counts from 1970-01-01 of the place. */
function isDayOf(times: CronTimes, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!times.months.has(date.getUTCMonth() + 1)) return false;
  const isDay = times.days.has(date.getUTCDate());
  const isWeekday = times.weekdays.has(date.getUTCDay());
  return times.eitherDay ? isDay || isWeekday : isDay && isWeekday;
}

/** In order, as if the place were at UTC. */
function timesOfDay({ hours, minutes }: CronTimes, day: number): readonly number[] {
  return hours.flatMap((hour) => minutes.map((minute) => day * DAY_MS + hour * HOUR_MS + minute * 60_000));
}

function instantOf(zone: TimeZone, asUtc: number): number {
  const date = new Date(asUtc);
  return zone.instantOf({
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  });
}
