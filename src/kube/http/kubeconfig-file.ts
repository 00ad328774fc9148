/** The parts of a kubeconfig file that we read, as they stand in it. Relative paths start from the file's folder. */
export interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly {
    readonly name: string;
    readonly context?: { readonly cluster?: string; readonly user?: string; readonly namespace?: string };
  }[];
  readonly clusters?: readonly NamedEntry[];
  readonly users?: readonly NamedEntry[];
}

export interface NamedEntry {
  readonly name: string;
  readonly cluster?: ClusterEntry;
  readonly user?: UserEntry;
}

export interface ClusterEntry {
  readonly server: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
}

export interface ExecEntry {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

export interface UserEntry {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly as?: string;
  readonly exec?: ExecEntry;
  readonly "auth-provider"?: { readonly name: string };
}
