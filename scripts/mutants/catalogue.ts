import type { CommandName } from "../../src/api/command.ts";
import { type Deletable, isHealthy, mayHang, type Plan } from "../../src/app/simulation/plan.ts";
import { isBadImage } from "../../src/app/simulation/versions.ts";

export interface Mistake {
  readonly file: string;
  /** Is in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/** One way to break the controller on purpose. */
export interface Mutant extends Mistake {
  /** Made as well, where two things keep each other's mistakes from having an effect. */
  readonly also?: Mistake;
  /** Plans in which it can make a difference at all; absent: all. Others are passed over. */
  readonly matters?: (plan: Plan) => boolean;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
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
    from: "const stage = new Stage(this.#parts, scene);",
    to: "const stage = new Stage(this.#parts, scene); await stage.writeStatus(decision.status, (write) => write());",
  },
  "no drain": {
    file: "src/core/draining.ts",
    from: "return drain !== null && isDrained(draft, drain, pods);",
    to: "return drain !== null;",
  },
  "ignore abort in a step": {
    file: "src/core/commands.ts",
    from: `if (run.stage === "RollingBack") return null;
  if (run.stage === "Finalising")`,
    to: `if (run.stage === "Step") return null;
  if (run.stage === "Finalising")`,
    matters: commands("abort"),
  },
  "ignore abort while paused": {
    file: "src/core/commands.ts",
    from: `if (run.stage === "RollingBack") return null;
  if (run.stage === "Finalising")`,
    to: `if (run.stage === "RollingBack" || run.pause !== undefined) return null;
  if (run.stage === "Finalising")`,
    matters: (plan) => commands("abort")(plan) && (pauses(plan) || !evidenceComes(plan)),
  },
  "rollback keeps the weight": {
    file: "src/core/rolling-back.ts",
    from: 'draft.actAlone({ kind: "setTraffic", traffic: NO_CANARY });',
    to: ";",
  },
  "promote the target's template": {
    file: "src/workload/deployment/deployment.ts",
    from: "template: replicaSet.spec.template, revision",
    to: "template: target.spec.template, revision",
    matters: ({ isCalm, moves }) => !isCalm && moves.filter(({ kind }) => kind === "image").length > 1,
  },
  "inconclusive is good enough": {
    file: "src/core/waiting.ts",
    from: 'if (verdict.result === "inconclusive") {',
    to: "if (false) {",
    matters: (plan) => !evidenceComes(plan),
  },
  "fail is good enough": {
    file: "src/core/analysing.ts",
    from: 'if (verdict.act === "rollback") {',
    to: "if (false) {",
    matters: bumpsBadly,
  },
  "the primary is rolled under its traffic": {
    file: "src/core/shifting.ts",
    from: "if (!isPrimaryIdle(draft, run))",
    to: "if (false)",
  },
  "primaryMatch stays with a primary that is rolled": {
    file: "src/core/shifting.ts",
    from: "else if (keepsSome(run)) moveTheRest",
    to: "else if (false) moveTheRest",
  },
  "no deadline for pods": {
    file: "src/core/starting.ts",
    from: "if (draft.nowMs >= deadlineMs) {",
    to: "if (false) {",
    matters: bumpsBadly,
  },
  "a standby writes too": {
    file: "src/app/leadership.ts",
    from: "client: new FencedClient(client, elector, clock),\n    mayWrite: () => elector.isLeader() && elector.term === current,",
    to: "client,\n    mayWrite: () => true,",
    matters: isShared,
  },
  "the elected looks at nothing": {
    file: "src/app/leadership.ts",
    from: "logger, onElected, onDeposed }",
    to: "logger, onElected: () => {}, onDeposed }",
    matters: isShared,
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
    matters: deletes("primary"),
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
  "a silent watch is trusted": {
    file: "src/kube/watchdog.ts",
    from: "this.#quietChecks += 1;",
    to: "this.#quietChecks = -1;",
    matters: ({ faults }) => mayHang(faults),
  },
  "what has no answer is not looked after": {
    file: "src/kube/write-through-client.ts",
    from: "if (hasNoAnswer(error) || write.signal?.aborted === true) this.#doubt(resource, write.key);",
    to: "hasNoAnswer(error);",
    matters: ({ faults }) => faults.cuts.some(({ abort }) => abort !== null),
  },
  "a weight is raised on a Rollout that has changed": {
    file: "src/controller/execute.ts",
    from: "if (found.metadata.resourceVersion === resourceVersion) return;",
    to: "return;",
    matters: ({ faults }) => faults.cuts.some(({ abort }) => abort !== null),
  },
  "trust a stale cache": {
    file: "src/controller/execute.ts",
    from: "const object: Rollout = { ...this.#scene.snapshot.rollout, metadata: this.#metadata, status };",
    to: `const fresh = await this.#parts.client.get(ROLLOUT, this.#metadata);
    const { resourceVersion } = fresh.metadata;
    const object: Rollout = { ...this.#scene.snapshot.rollout, metadata: { ...this.#metadata, resourceVersion }, status };`,
    also: {
      file: "src/kube/cache.ts",
      from: "if (entry !== undefined && version <= entry.version) return;",
      to: "if (entry !== undefined && version === entry.version) return;",
    },
    matters: ({ faults }) => faults.network.watchLagMs > 0,
  },
  "a gate's no is a yes": {
    file: "src/gate/webhook/reply.ts",
    from: 'return { result: NOBODY.has(status) ? "none" : "no", text };',
    to: 'return { result: "yes", text };',
    matters: ({ faults, rollouts }) =>
      faults.webhooks === "refuses" && rollouts.some(({ spec }) => "webhooks" in spec),
  },
  "a refused spec is not handed back": {
    file: "src/controller/gather.ts",
    from: "(serving !== null && shared === null)",
    to: "(reading.ok && shared === null)",
    matters: ({ moves }) => moves.some(({ kind }) => kind === "misspell"),
  },
  "nothing is given back when the target is gone": {
    file: "src/core/deletion.ts",
    from: "if (isObserved) giveAllBack(draft, target);",
    to: ";",
    matters: deletes("rollout"),
  },
  "told before it is done": {
    file: "src/controller/pass.ts",
    from: `const onStatus = () => {
      isWritten = true;
      this.#drains.told(key);
      this.#untold.forget(key);
      this.#tell(key, scene, { before, decision });`,
    to: `this.#tell(key, scene, { before, decision });
    const onStatus = () => {
      isWritten = true;
      this.#drains.told(key);
      this.#untold.forget(key);`,
    matters: ({ isCalm, faults }) => isCalm && !isHealthy(faults),
  },
};

function deletes(what: Deletable): (plan: Plan) => boolean {
  return ({ moves }) => moves.some((move) => move.kind === "delete" && move.what === what);
}

function isShared({ faults }: Plan): boolean {
  return faults.twoControllers;
}

function commands(...names: readonly CommandName[]): (plan: Plan) => boolean {
  return ({ moves }) => moves.some((move) => move.kind === "command" && names.includes(move.command));
}

function pauses(plan: Plan): boolean {
  return commands("pause")(plan) || plan.moves.some(({ kind }) => kind === "suspend");
}

function evidenceComes({ rollouts, faults }: Plan): boolean {
  return rollouts.every(({ rps }) => rps > 1) && faults.prometheus.length === 0;
}

function bumpsBadly({ moves }: Plan): boolean {
  return moves.some((move) => move.kind === "image" && isBadImage(move.image));
}
