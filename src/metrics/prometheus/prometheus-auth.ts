import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import { QueryFailure } from "./query-failure.ts";

export type PrometheusAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** What must not be shown, in the forms in which it goes out. */
export function secretsOf(auth: PrometheusAuth | undefined): readonly string[] {
  if (auth === undefined) return [];
  if (auth.kind === "bearer") return [auth.token];
  return [auth.password, Buffer.from(`${auth.username}:${auth.password}`).toString("base64")];
}

export interface CredentialFolderOptions {
  /** Holds a file `token`, or files `username` and `password`: a Secret, mounted. */
  readonly folder: string;
  readonly clock: Clock;
}

/** Kubelets put a changed Secret in place within a minute or so; it need not be noticed sooner than this after. */
const KEEP_MS = 10_000;

/** Credentials that stand in files, read again now and then: tokens are rotated while the process runs. */
export class CredentialFolder {
  readonly #options: CredentialFolderOptions;
  #kept: { readonly auth: Promise<PrometheusAuth>; readonly untilMs: number } | null = null;

  constructor(options: CredentialFolderOptions) {
    this.#options = options;
  }

  /** Rejects with QueryFailure, which names the folder and never what is in it. */
  read(): Promise<PrometheusAuth> {
    const now = this.#options.clock.now();
    if (this.#kept !== null && now < this.#kept.untilMs) return this.#kept.auth;
    const kept = { auth: this.#load(), untilMs: now + KEEP_MS };
    this.#kept = kept;
    kept.auth.catch(() => {
      if (this.#kept === kept) this.#kept = null;
    });
    return kept.auth;
  }

  async #load(): Promise<PrometheusAuth> {
    const token = await this.#file("token");
    if (token !== null) return { kind: "bearer", token };
    const [username, password] = [await this.#file("username"), await this.#file("password")];
    if (username !== null && password !== null) return { kind: "basic", username, password };
    throw new QueryFailure(
      `credentials of Prometheus: ${this.#options.folder} has neither a file token nor files username and password`,
      "credentials",
    );
  }

  async #file(name: string): Promise<string | null> {
    try {
      return (await readFile(join(this.#options.folder, name), "utf8")).trim();
    } catch (thrown) {
      const { code } = toError(thrown) as NodeJS.ErrnoException;
      if (code === "ENOENT") return null;
      throw new QueryFailure(
        `credentials of Prometheus: ${join(this.#options.folder, name)} cannot be read (${code})`,
        "credentials",
        { cause: thrown },
      );
    }
  }
}
