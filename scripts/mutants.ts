import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/**
 * `npm run mutants -- [--seeds N] [--only NAME]`: breaks the controller on purpose, one way at a time, in a copy of the
 * sources, and shows which seed of the simulation finds out. Fails when a mutant lives.
 */
interface Mutant {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  "weights that do not add up": {
    file: "src/router/istio/virtual-service.ts",
    from: "weight: 100 - canaryWeight }",
    to: "weight: 99 - canaryWeight }",
  },
  "skip pinning": {
    file: "src/router/services.ts",
    from: "const hash = pin ?? kept ?? context.rollout.status?.run?.revision;",
    to: "const hash = [pin, kept][2];",
  },
  "status before route": {
    file: "src/controller/execute.ts",
    from: "for (const action of decision.actions) await stage.perform(action);",
    to: "await stage.writeStatus(decision.status); for (const action of decision.actions) await stage.perform(action);",
  },
  "no drain": {
    file: "src/core/draining.ts",
    from: `return drain !== null && isDrained(draft, drain, "the canary's pods");`,
    to: "return drain !== null;",
  },
  "ignore abort in a step": {
    file: "src/core/commands.ts",
    from: `if (run.stage === "RollingBack") return null;
  if (run.stage === "Finalising")`,
    to: `if (run.stage === "Step") return null;
  if (run.stage === "Finalising")`,
  },
  "ignore abort while paused": {
    file: "src/core/commands.ts",
    from: `if (run.stage === "RollingBack") return null;
  if (run.stage === "Finalising")`,
    to: `if (run.stage === "RollingBack" || run.pause !== undefined) return null;
  if (run.stage === "Finalising")`,
  },
  "rollback keeps the weight": {
    file: "src/core/rolling-back.ts",
    from: 'draft.actAlone({ kind: "setTraffic", traffic: NO_CANARY });',
    to: "",
  },
  "promote the target's template": {
    file: "src/workload/deployment/deployment.ts",
    from: "template: replicaSet.spec.template, revision",
    to: "template: target.spec.template, revision",
  },
  "inconclusive is good enough": {
    file: "src/core/waiting.ts",
    from: 'if (verdict.result === "inconclusive") {',
    to: "if (false) {",
  },
  "fail is good enough": {
    file: "src/core/analysing.ts",
    from: 'if (verdict.act === "rollback") {',
    to: "if (false) {",
  },
  "the primary is rolled under its traffic": {
    file: "src/core/shifting.ts",
    from: "if (isPrimaryIdle(draft, run))",
    to: "if (true)",
  },
  "no deadline for pods": {
    file: "src/core/starting.ts",
    from: "if (draft.nowMs >= deadlineMs) {",
    to: "if (false) {",
  },
  "a standby writes too": {
    file: "src/app/leadership.ts",
    from: "client: new FencedClient(client, elector, clock),\n    mayWrite: () => elector.isLeader(),",
    to: "client,\n    mayWrite: () => true,",
  },
  "the elected looks at nothing": {
    file: "src/app/leadership.ts",
    from: "logger, onElected }",
    to: "logger }",
  },
  "timers are forgotten": {
    file: "src/core/draft.ts",
    from: "this.lookAgainAfter(timeMs - this.nowMs);",
    to: "",
  },
  "a deleted primary stays away during a run": {
    file: "src/core/run.ts",
    from: 'if (isSameStage && run.stage !== "Promoting") remakeDuringRun(draft, run);',
    to: "",
  },
  "the target keeps its pods": {
    file: "src/workload/deployment/deployment.ts",
    from: "if (target === undefined && replicas === 0) return;",
    to: "if (replicas === 0) return;",
  },
  "more of the target than its replicas": {
    file: "src/workload/deployment/deployment.ts",
    from: "spec: { replicas } },",
    to: "spec: { replicas, minReadySeconds: 1 } },",
  },
  "own writes are not seen": {
    file: "src/kube/write-through-client.ts",
    from: "else for (const cache of caches) cache.record(answer);",
    to: 'else for (const cache of caches) cache.record({ ...answer, metadata: { ...answer.metadata, resourceVersion: "1" } });',
  },
  "trust a stale cache": {
    file: "src/workload/deployment/deployment.ts",
    from: "body: { metadata: { resourceVersion }, spec: { replicas } },",
    to: "body: { spec: { replicas } },",
  },
  "a gate's no is a yes": {
    file: "src/gate/webhook/reply.ts",
    from: 'return { result: NOBODY.has(status) ? "none" : "no", text };',
    to: 'return { result: "yes", text };',
  },
  "told before it is done": {
    file: "src/controller/pass.ts",
    from: "const changed = await this.#parts.executor.execute(scene, decision);",
    to: "this.#tell(scene, decision); const changed = await this.#parts.executor.execute(scene, decision);",
  },
};

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "2000" }, only: { type: "string" } },
});
let survivors = 0;
for (const [name, mutant] of Object.entries(MUTANTS)) {
  if (values.only !== undefined && values.only !== name) continue;
  const startedAt = performance.now();
  const caught = await hunt(mutant);
  if (caught === null) survivors += 1;
  console.log(`${name}: ${caught ?? "LIVES"} (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
}
console.log(`${survivors} live`);
process.exitCode = survivors === 0 ? 0 : 1;

/** The line of the first seed that fails, and the first promise that it breaks; null when none does. */
async function hunt(mutant: Mutant): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-mutant-"));
  try {
    for (const part of ["src", "scripts", "crds", "package.json"]) {
      await cp(part, join(folder, part), { recursive: true });
    }
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    await breakFile(join(folder, mutant.file), mutant);
    const args = ["scripts/sim.ts", "--until-failure", "--seeds", values.seeds];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    const failure = /^seed (\d+): .*\n {2}(.*)$/m.exec(stdout);
    if (failure !== null) return `seed ${failure[1]}, ${failure[2]?.slice(0, 120)}`;
    return / passed, 0 failed\n$/.test(stdout) ? null : "does not even run";
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function breakFile(path: string, { from, to }: Mutant): Promise<void> {
  const source = await readFile(path, "utf8");
  if (!source.includes(from)) throw new Error(`${path} no longer has ${JSON.stringify(from)}`);
  await writeFile(path, source.replace(from, to));
}
