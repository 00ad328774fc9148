import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { TlsMaterial } from "./cluster-access.ts";

/** Load balancers forget idle connections after 60 s; we do so first, or a request may go into nowhere. */
const IDLE_MS = 45_000;
const TCP_PROBE_MS = 15_000;
const MAX_REQUESTS = 64;
const MAX_WATCHES = 256;
const MAX_IDLE = 8;

interface Agents {
  readonly tls: TlsMaterial;
  readonly requests: HttpAgent;
  readonly watches: HttpAgent;
}

/** Kept connections, made anew when certificates have changed. */
export class AgentPool {
  readonly #isTls: boolean;
  #current: Agents | null = null;

  constructor(isTls: boolean) {
    this.#isTls = isTls;
  }

  agent(tls: TlsMaterial, isWatch: boolean): HttpAgent {
    if (this.#current === null || !isSameMaterial(this.#current.tls, tls)) {
      this.dropIdle();
      this.#current = {
        tls,
        requests: this.#create(tls, MAX_REQUESTS),
        watches: this.#create(tls, MAX_WATCHES),
      };
    }
    return isWatch ? this.#current.watches : this.#current.requests;
  }

  close(): void {
    this.#current?.requests.destroy();
    this.#current?.watches.destroy();
    this.#current = null;
  }

  #create(tls: TlsMaterial, maxSockets: number): HttpAgent {
    const options = {
      keepAlive: true,
      keepAliveMsecs: TCP_PROBE_MS,
      timeout: IDLE_MS,
      maxSockets,
      maxFreeSockets: MAX_IDLE,
    };
    return this.#isTls ? new HttpsAgent({ ...options, ...defined(tls) }) : new HttpAgent(options);
  }

  /** Closes what is idle: after a failure it may be dead too. What is under way ends in its own time. */
  dropIdle(): void {
    for (const agent of [this.#current?.requests, this.#current?.watches]) {
      for (const sockets of Object.values(agent?.freeSockets ?? {})) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    }
  }
}

function isSameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  const members = ["ca", "cert", "key", "servername", "rejectUnauthorized"] as const;
  return members.every((member) => String(a[member]) === String(b[member]));
}

function defined(tls: TlsMaterial): object {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
