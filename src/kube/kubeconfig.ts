import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "../lib/clock.ts";
import { OperationError, toError } from "../lib/errors.ts";
import type { ClusterAccess, Credentials } from "./http/cluster-access.ts";

/** No usable kubeconfig: missing, unreadable, without the context that was asked for. */
export class KubeconfigError extends OperationError {
  readonly code = "Kubeconfig";

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { ...options, retry: "never" });
  }
}

export interface KubeconfigOptions {
  /** Absent: $KUBECONFIG, then ~/.kube/config, then the service account of the pod. */
  readonly path?: string | undefined;
  /** Absent: the current context. */
  readonly context?: string | undefined;
  readonly clock: Clock;
}

/** Files are read, and expiry of exec credentials is looked at, at most this often. */
const FRESH_MS = 10_000;
/** Where client-node points when it has found nothing. */
const NOWHERE = "http://localhost:8080";

/**
 * Loads a kubeconfig with @kubernetes/client-node, which knows the many ways to authenticate: tokens and their files,
 * client certificates, exec plugins, OIDC. It is imported only here and only now, since it is large.
 */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
  const { KubeConfig: Loader } = await import("@kubernetes/client-node");
  const load = () => {
    const config = new Loader();
    const doing = `loading kubeconfig ${options.path ?? "from its usual places"}`;
    try {
      if (options.path === undefined) config.loadFromDefault();
      else config.loadFromFile(options.path);
    } catch (error) {
      throw new KubeconfigError(`${doing}: ${toError(error).message}`, { cause: error });
    }
    return check(config, options, doing);
  };
  return new KubeconfigAccess(load, options.clock);
}

function check(config: KubeConfig, options: KubeconfigOptions, doing: string): KubeConfig {
  const contexts = config.getContexts().map((context) => context.name);
  if (options.context !== undefined) {
    if (!contexts.includes(options.context)) {
      throw new KubeconfigError(`${doing}: no context ${options.context}, there are: ${contexts.join(", ")}`);
    }
    config.setCurrentContext(options.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new KubeconfigError(`${doing}: the context names no cluster`);
  if (options.path === undefined && cluster.server === NOWHERE) {
    throw new KubeconfigError(`${doing}: none found; name one, set KUBECONFIG, or run in a cluster`);
  }
  if (!URL.canParse(cluster.server)) throw new KubeconfigError(`${doing}: not a server: ${cluster.server}`);
  return config;
}

class KubeconfigAccess implements ClusterAccess {
  readonly server: URL;
  readonly namespace: string;
  readonly #load: () => KubeConfig;
  readonly #clock: Clock;
  #config: KubeConfig;
  #isStale = false;
  #known: { readonly credentials: Promise<Credentials>; readonly at: number } | null = null;

  constructor(load: () => KubeConfig, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
    this.#config = load();
    this.server = new URL(this.#config.getCurrentCluster()?.server ?? NOWHERE);
    const context = this.#config.getContextObject(this.#config.getCurrentContext());
    this.namespace = context?.namespace ?? "default";
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
      if (this.#isStale) this.#config = this.#load();
      this.#isStale = false;
      return await credentialsOf(this.#config);
    } catch (error) {
      if (error instanceof KubeconfigError) throw error;
      throw new KubeconfigError(`authenticating by kubeconfig: ${toError(error).message.slice(0, 300)}`, {
        cause: error,
      });
    }
  }
}

interface HttpsOptions {
  headers: Record<string, string>;
  auth?: string;
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  // client-node refuses plain HTTP unless told not to verify what is not there. `kubectl proxy` speaks it.
  if (cluster?.server.startsWith("http:")) Object.assign(cluster, { skipTLSVerify: true });
  const options: HttpsOptions = { headers: {} };
  await config.applyToHTTPSOptions(options as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
  const { headers, auth, ca, cert, key, servername, rejectUnauthorized } = options;
  const basic = auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    headers: { ...basic, ...Object.fromEntries(lower) },
    tls: { ca, cert, key, servername, rejectUnauthorized },
  };
}
