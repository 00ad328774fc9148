/**
 * Who may import whom (docs/architecture.md, "Folders"). A folder may always import itself; what is not listed is an
 * error. `npm` and `node` say whether packages and Node's own modules may be imported, or which packages.
 */
/** Shapes of objects and the interface of caches: no I/O. */
const KUBE_SHAPES = ["kind/.+", "object", "reader", "optional-reader", "indexes", "cache-index"].map((name) => `src/kube/${name}.ts`);

const TABLE = {
  lib: { folders: [], npm: false, node: false },
  api: { folders: ["lib"], npm: ["zod"], node: false },
  verdict: { folders: ["api", "lib"], npm: false, node: false },
  core: { folders: ["verdict", "api", "lib"], files: ["src/preflight/checks/metrics.ts"], npm: false, node: false },
  preflight: { folders: ["api", "lib"], files: KUBE_SHAPES, npm: false, node: false },
  telemetry: { folders: ["lib"], npm: true, node: true },
  net: { folders: ["lib"], npm: false, node: true },
  kube: { folders: ["telemetry", "lib"], npm: true, node: true },
  workload: { folders: ["api", "kube", "telemetry", "lib"], npm: true, node: true },
  router: { folders: ["api", "kube", "telemetry", "lib"], npm: true, node: true },
  metrics: { folders: ["api", "kube", "telemetry", "lib"], npm: true, node: true },
  notify: { folders: ["api", "kube", "net", "telemetry", "lib"], npm: true, node: true },
  gate: { folders: ["api", "kube", "net", "telemetry", "lib"], npm: true, node: true },
  controller: {
    folders: ["core", "verdict", "preflight", "api", "kube", "telemetry", "lib"],
    files: ["src/workload/workload.ts", "src/router/router.ts", "src/metrics/metrics.ts", "src/notify/notify.ts", "src/gate/gate.ts"],
    npm: true,
    node: true,
  },
  sim: { folders: ["kube", "telemetry", "api", "lib"], npm: true, node: true },
  dashboard: { folders: ["api", "core", "verdict", "kube", "telemetry", "lib"], npm: true, node: true },
  config: { folders: ["api", "lib"], npm: true, node: true },
  app: { folders: ["."], npm: true, node: true },
  cli: { folders: ["app", "config", "api", "lib", "verdict", "core"], npm: true, node: true },
};

const FOLDERS = Object.keys(TABLE);

function rulesOf(folder) {
  const { folders, files = [], npm, node } = TABLE[folder];
  const from = { path: `^src/${folder}/`, pathNot: "\\.test\\.ts$" };
  const allowed = folders.includes(".") ? ["^src/"] : [folder, ...folders].map((name) => `^src/${name}/`);
  const rules = [
    {
      name: `${folder}-folders`,
      severity: "error",
      from,
      to: { path: "^(src|test|scripts|bench)/", pathNot: [...allowed, ...files.map((file) => `^${file}$`)] },
    },
  ];
  if (npm !== true) {
    const packages = npm === false ? [] : npm.map((name) => `^node_modules/${name}/`);
    rules.push({ name: `${folder}-npm`, severity: "error", from, to: { path: "node_modules/", pathNot: packages } });
  }
  if (!node) rules.push({ name: `${folder}-node`, severity: "error", from, to: { dependencyTypes: ["core"] } });
  return rules;
}

export default {
  forbidden: [
    ...FOLDERS.flatMap(rulesOf),
    { name: "no-cycles", severity: "error", from: { path: "^src/" }, to: { circular: true } },
    { name: "known-folders", severity: "error", from: { path: "^src/", pathNot: `^src/(${FOLDERS.join("|")})/` }, to: {} },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"], conditionNames: ["import", "node", "default"], exportsFields: ["exports"] },
  },
};
