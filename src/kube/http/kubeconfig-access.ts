import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { OperationError, toError } from "../../lib/errors.ts";
import type { ClusterAccess, Credentials, TlsMaterial } from "./cluster-access.ts";
import type { ClusterEntry, ExecEntry, UserEntry } from "./kubeconfig-file.ts";

/** No usable kubeconfig: missing, unreadable, without the context that was asked for, or it does not authenticate. */
export class KubeconfigError extends OperationError {
  readonly code = "Kubeconfig";

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { ...options, retry: "backoff" });
  }
}

/** One context of a kubeconfig, or the service account of a pod. */
export interface Login {
  /** Where relative paths start. */
  readonly folder: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly userName: string;
  readonly namespace: string;
}

/** What credentials are made from is read at most this often. */
const FRESH_MS = 10_000;
const MAX_MESSAGE_CHARS = 300;

/** What client-node's authenticators fill in. */
interface Filled {
  headers: Record<string, string>;
  cert?: string | Buffer;
  key?: string | Buffer;
}

type Authenticate = (filled: Filled) => Promise<void>;

/**
 * Credentials of a login. Tokens, token files, passwords and client certificates are read here; exec plugins and the
 * providers of clouds are left to @kubernetes/client-node, of which only what is needed is imported
 * (docs/decisions/0002-client-node-in-parts.md).
 */
export class KubeconfigAccess implements ClusterAccess {
  readonly #load: () => Promise<Login>;
  readonly #clock: Clock;
  #login: Login;
  #isStale = false;
  #authenticate: Authenticate | null = null;
  #known: { readonly credentials: Promise<Credentials>; readonly at: number } | null = null;

  constructor(load: () => Promise<Login>, login: Login, clock: Clock) {
    this.#load = load;
    this.#login = login;
    this.#clock = clock;
  }

  get server(): URL {
    return new URL(this.#login.cluster.server);
  }

  get namespace(): string {
    return this.#login.namespace;
  }

  credentials(): Promise<Credentials> {
    const now = this.#clock.now();
    if (this.#known !== null && Math.abs(now - this.#known.at) < FRESH_MS) return this.#known.credentials;
    const known = { credentials: this.#read(), at: now };
    this.#known = known;
    known.credentials.catch(() => {
      // Try again at the next request, not with the same failure for ten seconds.
      if (this.#known === known) this.#known = null;
    });
    return known.credentials;
  }

  /** The file is read again too: it may hold a new token, or belong to a server with a new authority. */
  invalidate(): void {
    this.#known = null;
    this.#isStale = true;
  }

  async #read(): Promise<Credentials> {
    try {
      if (this.#isStale) {
        this.#login = await this.#load();
        // It remembers what it was told.
        this.#authenticate = null;
        this.#isStale = false;
      }
      return await this.#credentials(this.#login);
    } catch (error) {
      if (error instanceof KubeconfigError) throw error;
      const reason = toError(error).message.trim().slice(0, MAX_MESSAGE_CHARS);
      throw new KubeconfigError(`authenticating by kubeconfig: ${reason}`, { cause: error });
    }
  }

  async #credentials(login: Login): Promise<Credentials> {
    this.#authenticate ??= await authenticatorOf(login);
    const filled: Filled = { headers: await headersOf(login) };
    await this.#authenticate(filled);
    const headers = Object.entries(filled.headers).map(([name, value]) => [name.toLowerCase(), value]);
    return { headers: Object.fromEntries(headers), tls: await tlsOf(login, filled) };
  }
}

async function tlsOf({ folder, cluster, user }: Login, filled: Filled): Promise<TlsMaterial> {
  const bytes = (path: string | undefined, data: string | undefined) => bytesOf(folder, path, data);
  return {
    ca: await bytes(cluster["certificate-authority"], cluster["certificate-authority-data"]),
    cert: filled.cert ?? (await bytes(user["client-certificate"], user["client-certificate-data"])),
    key: filled.key ?? (await bytes(user["client-key"], user["client-key-data"])),
    servername: cluster["tls-server-name"],
    rejectUnauthorized: cluster["insecure-skip-tls-verify"] === true ? false : undefined,
  };
}

/** Contents given in the file win over a path, as in kubectl. */
async function bytesOf(folder: string, path?: string, data?: string): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, "base64");
  return path === undefined ? undefined : await readFile(resolve(folder, path));
}

async function headersOf({ folder, user }: Login): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const token =
    user.tokenFile === undefined ? user.token : await readFile(resolve(folder, user.tokenFile), "utf8");
  if (user.username !== undefined) {
    const pair = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
    headers["authorization"] = `Basic ${pair}`;
  }
  if (token !== undefined) headers["authorization"] = `Bearer ${token.trim()}`;
  if (user.as !== undefined) headers["impersonate-user"] = user.as;
  return headers;
}

/** What asks somebody else for credentials; it keeps them until they expire. */
async function authenticatorOf(login: Login): Promise<Authenticate> {
  const { user, userName: name, cluster } = login;
  if (cluster["proxy-url"] !== undefined) {
    throw new KubeconfigError("authenticating by kubeconfig: proxy-url is not supported");
  }
  if (user.exec !== undefined) {
    const { ExecAuth } = await import("@kubernetes/client-node/dist/exec_auth.js");
    const plugin = new ExecAuth();
    const exec = runnable(user.exec, login.folder);
    return (filled) => plugin.applyAuthentication({ name, exec }, filled);
  }
  const provider = user["auth-provider"];
  if (provider === undefined) return async () => {};
  const { providerAuthentication } = await import("./provider-auth.ts");
  return providerAuthentication(name, provider);
}

/** Plugins are told what is asked of them; a relative path with a slash starts from the kubeconfig's folder. */
function runnable(exec: ExecEntry, folder: string): ExecEntry {
  const info = { apiVersion: exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  return {
    ...exec,
    command: /^\.{1,2}\//.test(exec.command) ? join(folder, exec.command) : exec.command,
    args: exec.args ?? [],
    env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }],
  };
}
