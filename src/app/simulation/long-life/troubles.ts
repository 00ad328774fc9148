import { type NetworkFaults, NO_NETWORK_FAULTS } from "../network-faults.ts";

/** What happens around a controller that nobody restarts: for some minutes of an hour, one thing at a time. */
export interface Trouble {
  readonly title: string;
  readonly forMs: number;
  readonly network?: Partial<NetworkFaults>;
  /** The API server is away: connections are refused, and open watches break. */
  readonly isServerAway?: boolean;
  /** Somebody sets the clock of the controller's machine by so much, and then back. */
  readonly clockStepMs?: number;
  readonly metrics?: "down" | "nan";
  /** Whoever is asked or told does not answer. */
  readonly areOthersSilent?: boolean;
  /** Somebody else takes the Lease, and lets it run out. */
  readonly isLeaseStolen?: boolean;
}

const MINUTE_MS = 60_000;

/** One for each hour, over and over. */
const TROUBLES: readonly (Trouble | null)[] = [
  { title: "the API server is restarted", forMs: MINUTE_MS, isServerAway: true },
  { title: "watches end with 410 Gone", forMs: 2 * MINUTE_MS, network: { watchGoneRate: 1 } },
  {
    title: "the clock is set 5 minutes forward, and back",
    forMs: 10 * MINUTE_MS,
    clockStepMs: 5 * MINUTE_MS,
  },
  { title: "watches hang", forMs: 5 * MINUTE_MS, network: { watchHangRate: 0.5 } },
  { title: "the metrics source is down", forMs: 10 * MINUTE_MS, metrics: "down" },
  { title: "webhooks and notifications hang", forMs: 15 * MINUTE_MS, areOthersSilent: true },
  null,
  null,
  {
    title: "requests fail or get lost",
    forMs: 10 * MINUTE_MS,
    network: { errorRate: 0.2, statuses: [409, 429, 500], lostRate: 0.03, lostAnswerRate: 0.05 },
  },
  { title: "the Lease is stolen", forMs: MINUTE_MS, isLeaseStolen: true },
  {
    title: "the clock is set 3 minutes back, and forward",
    forMs: 10 * MINUTE_MS,
    clockStepMs: -3 * MINUTE_MS,
  },
  {
    title: "watches are late and repeat themselves",
    forMs: 20 * MINUTE_MS,
    network: { watchLagMs: 5_000, watchRepeatRate: 0.2 },
  },
];

/** Null: an hour in which nothing at all happens, and every watch is idle. */
export function troubleOf(hour: number): Trouble | null {
  return TROUBLES[hour % TROUBLES.length] ?? null;
}

export function faultsOf(trouble: Trouble | null): NetworkFaults {
  return { ...NO_NETWORK_FAULTS, ...trouble?.network };
}
