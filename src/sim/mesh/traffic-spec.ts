import type { ClientsSpec } from "./population.ts";

/** Requests of one kind that come without end. */
export interface TrafficSpec {
  /** As clients name it: `checkout`, `checkout.shop`, `checkout.example.com`. */
  readonly host: string;
  /** Mean requests a second; arrivals are random (Poisson). */
  readonly rps: number;
  /** One, or several and how often each (on any scale). Default GET. */
  readonly method?: string | Readonly<Record<string, number>>;
  /** With its query string. */
  readonly path?: string;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Port that clients ask for; by default the first one of the Service, 80 for other hosts. */
  readonly port?: number;
  /** Default http. */
  readonly scheme?: "http" | "https";
  /** With tcp and tls `rps` is how many connections are opened a second. Default http. */
  readonly protocol?: "http" | "tcp" | "tls";
  /** How long a connection of tcp and tls is kept open, on average. Default 10 s. */
  readonly connectionMs?: number;
  /** People behind the requests, each with a cookie jar; without it nobody keeps cookies. */
  readonly clients?: ClientsSpec;
  /**
   * Where the requests enter: `mesh` (a client with a sidecar) or `namespace/name` of a gateway. By default hosts that
   * are Services are called from within the mesh, others through whatever gateway serves them.
   */
  readonly gateway?: string;
  readonly from: {
    readonly workload: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Its pods, each with a proxy that learns of changes in its own time. Default 1. */
    readonly replicas?: number;
    /**
     * false: no proxy. Requests are plain text to the Service itself, past all routes, and nobody reports them at the
     * source. Default true.
     */
    readonly sidecar?: boolean;
  };
}
