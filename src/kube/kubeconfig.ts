import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import type { ClusterAccess } from "./http/cluster-access.ts";
import { KubeconfigAccess, KubeconfigError, type Login } from "./http/kubeconfig-access.ts";
import type { Kubeconfig, NamedEntry } from "./http/kubeconfig-file.ts";

/** The variables that say where the cluster is; only src/config reads the process's environment. */
export interface KubernetesEnvironment {
  /** Paths of kubeconfig files, as in PATH. */
  readonly KUBECONFIG?: string | undefined;
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

export interface KubeconfigOptions {
  /** Absent: $KUBECONFIG, then ~/.kube/config, then the service account of the pod. */
  readonly path?: string | undefined;
  /** Absent: the current context. */
  readonly context?: string | undefined;
  readonly environment?: KubernetesEnvironment;
  readonly clock: Clock;
  /** Where ~ is; default: the user's. */
  readonly home?: string;
  /** Folder of the pod's token; default: where Kubernetes mounts it. */
  readonly serviceAccount?: string;
}

const MOUNTED_AT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Who we are in which cluster. Rejects with KubeconfigError when there is no usable kubeconfig. */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
  const load = await findLogin(options);
  return new KubeconfigAccess(load, await load(), options.clock);
}

/** How to read the login, again and again: files may change. */
async function findLogin(options: KubeconfigOptions): Promise<() => Promise<Login>> {
  const { path, context, environment = {}, home = homedir(), serviceAccount = MOUNTED_AT } = options;
  if (path !== undefined) return () => loginOfFiles([path], context);
  const listed = (environment.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  if (listed.length > 0) return () => loginOfFiles(listed, context);
  const usual = join(home, ".kube", "config");
  if (await exists(usual)) return () => loginOfFiles([usual], context);
  if (await exists(join(serviceAccount, "token"))) return () => loginOfPod(serviceAccount, environment);
  throw new KubeconfigError(
    "loading a kubeconfig: none found; name one, set KUBECONFIG, or run in a cluster",
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function loginOfPod(folder: string, environment: KubernetesEnvironment): Promise<Login> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  const authority = host?.includes(":") ? `[${host}]` : (host ?? "kubernetes.default.svc");
  const namespace = await readFile(join(folder, "namespace"), "utf8").catch(() => "");
  return {
    folder,
    cluster: { server: `https://${authority}:${port}`, "certificate-authority": "ca.crt" },
    user: { tokenFile: "token" },
    userName: "service account",
    namespace: namespace.trim() || "default",
  };
}

async function loginOfFiles(paths: readonly string[], context: string | undefined): Promise<Login> {
  const doing = `loading kubeconfig ${paths.join(delimiter)}`;
  const files = await Promise.all(paths.map((path) => readKubeconfig(path, paths.length > 1, doing)));
  const all = files.filter((file) => file !== null);
  const contexts = all.flatMap(({ config }) => config.contexts ?? []);
  const wanted = context ?? all.map(({ config }) => config["current-context"]).find((name) => name);
  const chosen = contexts.find(({ name }) => name === wanted)?.context;
  if (chosen === undefined) {
    const names = contexts.map(({ name }) => name).join(", ");
    throw new KubeconfigError(`${doing}: no context ${wanted ?? "is set"}, there are: ${names || "none"}`);
  }
  const cluster = find(all, "clusters", chosen.cluster);
  if (cluster?.entry.cluster === undefined)
    throw new KubeconfigError(`${doing}: no cluster ${chosen.cluster}`);
  const user = find(all, "users", chosen.user);
  const { server } = cluster.entry.cluster;
  if (!URL.canParse(server)) throw new KubeconfigError(`${doing}: not a server: ${server}`);
  return {
    folder: (user ?? cluster).folder,
    cluster: cluster.entry.cluster,
    user: user?.entry.user ?? {},
    userName: chosen.user ?? "",
    namespace: chosen.namespace ?? "default",
  };
}

interface Read {
  readonly folder: string;
  readonly config: Kubeconfig;
}

/** As kubectl does, a file that is missing is passed over when there are others. */
async function readKubeconfig(path: string, mayBeMissing: boolean, doing: string): Promise<Read | null> {
  try {
    const config: unknown = parse(await readFile(path, "utf8"));
    if (typeof config !== "object" || config === null) throw new Error("it holds no kubeconfig");
    return { folder: dirname(path), config };
  } catch (error) {
    if (mayBeMissing && (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new KubeconfigError(`${doing}: ${toError(error).message}`, { cause: error });
  }
}

/** The first entry of that name, and the folder that its relative paths start from. */
function find<K extends "clusters" | "users">(files: readonly Read[], list: K, name: string | undefined) {
  for (const { folder, config } of files) {
    const entries: readonly NamedEntry[] = config[list] ?? [];
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry !== undefined) return { folder, entry };
  }
  return undefined;
}
