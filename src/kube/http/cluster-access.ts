/** What a TLS connection to the server needs. Contents, not paths. */
export interface TlsMaterial {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Name in the server's certificate, where it differs from the host. */
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** What makes a request ours. Secret: never logged. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** Where a cluster's API server is and who we are there. Member: KubeconfigAccess. */
export interface ClusterAccess {
  /** Base of all paths, for example `https://10.0.0.1:6443` or `https://rancher.example.com/k8s/clusters/c-1`. It may change. */
  readonly server: URL;
  /** Namespace of the context or of the pod we run in; "default" when none is set. */
  readonly namespace: string;
  /** Current credentials; may read files or run a command. Called often, so members cache. */
  credentials(): Promise<Credentials>;
  /** The server did not accept them: what is cached is void. */
  invalidate(): void;
}
