import { type Cookie, isUnder, parseSetCookie } from "./cookies.ts";

/** What a request looks like to a cookie jar. */
export interface JarRequest {
  readonly path: string;
  readonly scheme: string;
}

interface KeptCookie extends Cookie {
  /** Infinity: never. */
  readonly expiresAt: number;
}

/** Clients whose cookies end at about the same time are told apart no further: this part of a cookie's life. */
const LIFE_PARTS = 20;

/** The cookies that one client holds. Never changed: an answer gives another jar. */
export class CookieJar {
  static readonly EMPTY = new CookieJar([]);
  /** Equal for jars that behave alike. */
  readonly key: string;
  /** When the first cookie ends; Infinity when none does. */
  readonly expiresAt: number;
  readonly #cookies: readonly KeptCookie[];

  private constructor(cookies: readonly KeptCookie[]) {
    this.#cookies = cookies;
    this.expiresAt = Math.min(Number.POSITIVE_INFINITY, ...cookies.map(({ expiresAt }) => expiresAt));
    this.key = cookies
      .map(({ name, value, path, secure, expiresAt }) => `${name}=${value};${path};${secure};${expiresAt}`)
      .join("\n");
  }

  /** The jar without what has ended. */
  at(now: number): CookieJar {
    if (now < this.expiresAt) return this;
    return new CookieJar(this.#cookies.filter(({ expiresAt }) => now < expiresAt));
  }

  /** Value of the Cookie header; null for none. */
  header({ path, scheme }: JarRequest): string | null {
    const sent = this.#cookies.filter(
      (cookie) => isUnder(path, cookie.path) && (!cookie.secure || scheme === "https"),
    );
    return sent.length === 0 ? null : sent.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** After an answer with these Set-Cookie headers. A browser takes no secure cookie over plain HTTP. */
  after(setCookies: readonly string[], { path, scheme }: JarRequest, now: number): CookieJar {
    if (setCookies.length === 0) return this;
    const cookies = new Map(this.#cookies.map((cookie) => [identity(cookie), cookie]));
    for (const text of setCookies) {
      const cookie = parseSetCookie(text, path, now);
      if (cookie === null || (cookie.secure && scheme !== "https")) continue;
      cookies.delete(identity(cookie));
      if (cookie.maxAgeMs !== null && cookie.maxAgeMs <= 0) continue;
      cookies.set(identity(cookie), { ...cookie, expiresAt: expiry(cookie.maxAgeMs, now) });
    }
    return new CookieJar([...cookies.values()]);
  }
}

function identity({ name, path }: Cookie): string {
  return `${name};${path}`;
}

function expiry(maxAgeMs: number | null, now: number): number {
  if (maxAgeMs === null) return Number.POSITIVE_INFINITY;
  const part = Math.max(1_000, maxAgeMs / LIFE_PARTS);
  return Math.ceil((now + maxAgeMs) / part) * part;
}
