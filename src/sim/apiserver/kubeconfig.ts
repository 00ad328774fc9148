import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { stringify } from "yaml";

export interface KubeconfigOptions {
  /** Of the API server, for example `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM text of the authority that signed the server's certificate; absent for plain HTTP. */
  readonly caCertificate?: string | undefined;
  /** Bearer token of the user. */
  readonly token: string;
  /** Names cluster, user and context. */
  readonly name?: string | undefined;
  /** Namespace of the context. */
  readonly namespace?: string | undefined;
}

/** The text of a kubeconfig with one cluster, one user and one context, all in one file. */
export function kubeconfigText(options: KubeconfigOptions): string {
  const name = options.name ?? "sluice";
  const authority =
    options.caCertificate === undefined
      ? {}
      : { "certificate-authority-data": Buffer.from(options.caCertificate).toString("base64") };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: options.url, ...authority } }],
    users: [{ name, user: { token: options.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: options.namespace ?? "default" } }],
    "current-context": name,
    preferences: {},
  });
}

/** Writes a kubeconfig that only its owner may read: it holds a token. A reader never sees half a file. */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, kubeconfigText(options), { mode: 0o600, flag: "wx" });
  await rename(draft, path);
}
