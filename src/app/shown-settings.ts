import type { Config } from "../config/config.ts";

const RECEIVERS = ["slack", "teams", "discord", "googleChat", "webhook"] as const;

/** Settings for people to look at: URLs without what may be a credential in them, receivers by kind alone. */
export function shownSettings(config: Config): Readonly<Record<string, unknown>> {
  const { notifications, ...settings } = config;
  const shown = Object.entries(settings).map(([key, value]) => [key, shownValue(value)]);
  return {
    ...Object.fromEntries(shown),
    notifications: notifications.map((entry) => RECEIVERS.find((kind) => entry[kind] !== undefined)),
  };
}

/** A URL may carry a password or a token: only where it leads is shown. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return "not a URL";
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}

function shownValue(value: unknown): unknown {
  return typeof value === "string" && value.includes("://") ? shownUrl(value) : value;
}
