import { describe, expect, it } from "vitest";
import {
  aDeployment,
  conditionOf,
  START,
  settled,
  withImage,
} from "../../../../test/support/workload-objects.ts";
import type { Deployment, ReplicaSet } from "../../kinds.ts";
import { type DeploymentDecision, decideDeployment } from "./decide.ts";

function decide(deployment: Deployment, replicaSets: readonly ReplicaSet[], now = START): DeploymentDecision {
  return decideDeployment({ deployment, replicaSets, podsBySet: new Map(), now });
}

/** The Deployment after its first rollout, and its ReplicaSet. */
function rolledOut(spec: Partial<Deployment["spec"]> = {}): { deployment: Deployment; set: ReplicaSet } {
  const created = decide(aDeployment(spec), []);
  const set = settled(created.create!, created.create!.spec.replicas);
  const done = decide(created.status!, [set]);
  return { deployment: done.status!, set };
}

/** A second revision with its ReplicaSet just made. */
function updated(spec: Partial<Deployment["spec"]> = {}) {
  const { deployment, set } = rolledOut(spec);
  const next = withImage(deployment, "web:2");
  const decision = decide(next, [set]);
  return { deployment: decision.status!, old: set, created: decision.create!, decision };
}

describe("a new Deployment", () => {
  it("gets a ReplicaSet named after its template's hash, with all replicas", () => {
    const decision = decide(aDeployment(), []);
    const hash = decision.create!.metadata.labels!["pod-template-hash"];
    expect(decision.create).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels: { app: "web", "pod-template-hash": hash },
        annotations: {
          "deployment.kubernetes.io/desired-replicas": "4",
          "deployment.kubernetes.io/max-replicas": "5",
          "deployment.kubernetes.io/revision": "1",
        },
        ownerReferences: [{ kind: "Deployment", name: "web", controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: "web", "pod-template-hash": hash } },
        template: { metadata: { labels: { app: "web", "pod-template-hash": hash } } },
      },
    });
    expect(decision.events.map((event) => event.message)).toEqual([
      `Scaled up replica set web-${hash} from 0 to 4`,
    ]);
  });

  it("says in its status that the set was created and that too few pods are available", () => {
    const { status } = decide(aDeployment(), []);
    expect(status!.metadata.annotations).toEqual({ "deployment.kubernetes.io/revision": "1" });
    expect(status!.status).toMatchObject({ observedGeneration: 1, unavailableReplicas: 4 });
    expect(conditionOf(status, "Available")).toMatchObject({
      status: "False",
      reason: "MinimumReplicasUnavailable",
    });
    expect(conditionOf(status, "Progressing")).toMatchObject({
      status: "True",
      reason: "NewReplicaSetCreated",
    });
  });

  it("with no replicas is complete at once", () => {
    const { status } = decide(aDeployment({ replicas: 0 }), []);
    expect(conditionOf(status, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
    expect(conditionOf(status, "Available")?.status).toBe("True");
  });

  it("takes another name when a stranger's ReplicaSet has its hash", () => {
    const first = decide(aDeployment(), []).create!.metadata.name;
    const second = decide(aDeployment({}, { status: { collisionCount: 1 } }), []).create!.metadata.name;
    expect(second).not.toBe(first);
  });
});

describe("a Deployment at rest", () => {
  it("is complete when all pods are available, and then nothing is written", () => {
    const { deployment, set } = rolledOut();
    expect(conditionOf(deployment, "Progressing")).toMatchObject({
      reason: "NewReplicaSetAvailable",
      message: `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
    });
    expect(decide(deployment, [set])).toEqual({
      create: null,
      updates: [],
      deletes: [],
      events: [],
      status: null,
      requeueAfterMs: null,
    });
  });

  it("loses Available but keeps Progressing when pods become unready", () => {
    const { deployment, set } = rolledOut();
    const { status } = decide(deployment, [settled(set, 2)]);
    expect(conditionOf(status, "Available")?.status).toBe("False");
    expect(conditionOf(status, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });

  it("forgets the oldest revisions beyond revisionHistoryLimit, but none that has pods", () => {
    const { deployment, set } = rolledOut({ revisionHistoryLimit: 1 });
    const old = (revision: number, replicas: number): ReplicaSet => ({
      ...settled({ ...set, spec: { ...set.spec, replicas, template: { spec: { containers: [] } } } }, 0),
      metadata: {
        ...set.metadata,
        name: `web-old-${revision}`,
        uid: `uid-old-${revision}`,
        annotations: { "deployment.kubernetes.io/revision": String(-revision) },
      },
    });
    const sets = [set, old(1, 0), old(2, 0), old(3, 0)];
    const { deletes } = decide(deployment, sets);
    expect(deletes.map((it) => it.metadata.name)).toEqual(["web-old-3", "web-old-2"]);
  });
});

describe("a rolling update", () => {
  it("first surges: of four pods with 25% there may be five", () => {
    expect(updated().created.spec.replicas).toBe(1);
  });

  it("with two replicas and 25% surges by one and allows none to be unavailable", () => {
    const { deployment, old, created } = updated({ replicas: 2 });
    expect(created.spec.replicas).toBe(1);
    const { updates } = decide(deployment, [old, settled(created, 0)]);
    expect(updates).toEqual([]);
  });

  it("then takes one old pod away, because three may serve four's load", () => {
    const { deployment, old, created } = updated();
    const { updates, events } = decide(deployment, [old, settled(created, 0)]);
    expect(updates.map((set) => [set.metadata.name, set.spec.replicas])).toEqual([[old.metadata.name, 3]]);
    expect(events[0]?.message).toBe(`Scaled down replica set ${old.metadata.name} from 4 to 3`);
  });

  it("removes unready old pods first, which do not count as available", () => {
    const { deployment, old, created } = updated();
    const { updates } = decide(deployment, [settled(old, 2), settled(created, 1)]);
    expect(updates.map((set) => set.spec.replicas)).toEqual([2]);
  });

  it("reports progress whenever a new pod comes up", () => {
    const { deployment, old, created } = updated();
    const { status } = decide(deployment, [old, settled(created, 0)], START + 1_000);
    expect(conditionOf(status, "Progressing")).toMatchObject({
      reason: "ReplicaSetUpdated",
      message: `ReplicaSet "${created.metadata.name}" is progressing.`,
      lastUpdateTime: "2026-01-05T09:00:01Z",
      lastTransitionTime: "2026-01-05T09:00:00Z",
    });
  });

  it("exceeds its deadline when nothing has come up for so long, and asks to be looked at then", () => {
    const { deployment, old, created } = updated();
    const sets = [old, settled(created, 0, 0)];
    const before = decide(deployment, sets, START + 1_000);
    expect(before.requeueAfterMs).toBe(600_000);
    const { status } = decide(deployment, sets, START + 601_000);
    expect(conditionOf(status, "Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: `ReplicaSet "${created.metadata.name}" has timed out progressing.`,
    });
  });

  it("back to the old template uses its ReplicaSet again, under a new revision", () => {
    const { deployment, old, created } = updated();
    const back = withImage(deployment, "web:1");
    const { create, updates, status } = decide(back, [old, settled(created, 1)]);
    expect(create).toBeNull();
    const reused = updates.find((set) => set.metadata.name === old.metadata.name)!;
    expect(reused.metadata.annotations).toMatchObject({
      "deployment.kubernetes.io/revision": "3",
      "deployment.kubernetes.io/revision-history": "1",
    });
    expect(status!.metadata.annotations!["deployment.kubernetes.io/revision"]).toBe("3");
  });
});

describe("a paused Deployment", () => {
  it("makes no ReplicaSet for a new template and says so", () => {
    const { deployment, set } = rolledOut();
    const paused = withImage({ ...deployment, spec: { ...deployment.spec, paused: true } }, "web:2");
    const { create, updates, status } = decide(paused, [set]);
    expect([create, updates]).toEqual([null, []]);
    expect(conditionOf(status, "Progressing")).toMatchObject({
      status: "Unknown",
      reason: "DeploymentPaused",
    });
    expect(status!.status!.updatedReplicas).toBeUndefined();
  });

  it("still follows spec.replicas", () => {
    const { deployment, set } = rolledOut();
    const paused = { ...deployment, spec: { ...deployment.spec, paused: true, replicas: 6 } };
    expect(decide(paused, [set]).updates[0]!.spec.replicas).toBe(6);
  });
});

describe("scaling", () => {
  it("in the middle of a rolling update grows both sets in proportion", () => {
    const { deployment, old, created } = updated({ replicas: 10 });
    // 10 desired, surge 3, unavailable 2: 8 old and 5 new.
    const sets = [
      settled({ ...old, spec: { ...old.spec, replicas: 8 } }, 8),
      settled({ ...created, spec: { ...created.spec, replicas: 5 } }, 0),
    ];
    const scaled = { ...deployment, spec: { ...deployment.spec, replicas: 20 } };
    const { updates } = decide(scaled, sets);
    const sizes = updates.map((set) => set.spec.replicas);
    expect(sizes).toEqual([15, 10]);
    expect(
      updates.map((set) => set.metadata.annotations!["deployment.kubernetes.io/desired-replicas"]),
    ).toEqual(["20", "20"]);
  });

  it("does not count as a new rollout", () => {
    const { deployment, set } = rolledOut();
    const { status } = decide({ ...deployment, spec: { ...deployment.spec, replicas: 5 } }, [set]);
    expect(conditionOf(status, "Progressing")?.reason ?? "unchanged").toMatch(
      /unchanged|NewReplicaSetAvailable/,
    );
  });
});

describe("Recreate", () => {
  it("takes all old pods away, waits until they are gone, and only then makes the new set", () => {
    const { deployment, set } = rolledOut({ strategy: { type: "Recreate" } });
    const next = withImage(deployment, "web:2");
    const down = decide(next, [set]);
    expect([down.create, down.updates.map((it) => it.spec.replicas)]).toEqual([null, [0]]);
    const emptied = down.updates[0]!;
    expect(decide(next, [settled(emptied, 2, 2)]).create).toBeNull();
    expect(decide(next, [settled(emptied, 0, 0)]).create?.spec.replicas).toBe(4);
  });
});
