import { describe, expect, test } from "vitest";
import { rolloutNamed, STATUSES, STEPPING } from "../../test/support/released-rollouts.ts";
import type { CommandName, CommandValue } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutStatus } from "../api/status.ts";
import { ClusterError } from "../app/cluster-error.ts";
import { writeCommand } from "./write-command.ts";

/** A Rollout that somebody else has written before each of our writes, as long as there are versions left. */
class MovingRollout {
  readonly #versions: Rollout[];
  readonly written: Rollout[] = [];

  constructor(...statuses: readonly RolloutStatus[]) {
    this.#versions = statuses.map((status, index) => {
      const rollout = rolloutNamed("checkout");
      return { ...rollout, metadata: { ...rollout.metadata, resourceVersion: `${index}` }, status };
    });
  }

  get first(): Rollout {
    return this.#versions[0]!;
  }

  async rollout(): Promise<Rollout> {
    return this.#versions[0]!;
  }

  async setCommand(rollout: Rollout, _name: CommandName, _value: CommandValue): Promise<Rollout> {
    if (this.#versions.length > 1) this.#versions.shift();
    if (this.#versions[0] !== rollout) throw new ClusterError("conflict", "it has moved on");
    this.written.push(rollout);
    return rollout;
  }
}

const ABORT = { name: "abort", reason: "" } as const;
const { stepping, failed } = STATUSES;

describe("a command whose Rollout is being written at the same time", () => {
  test("is written to the newest version while it is the same run", async () => {
    const moving = new MovingRollout(stepping, stepping, { ...stepping, message: "another minute" });
    const written = await writeCommand(moving, moving.first, ABORT);
    expect(written.status?.message).toBe("another minute");
    expect(moving.written).toHaveLength(1);
  });

  test.each([
    ["releases another revision", { ...stepping, run: { ...STEPPING, revision: "abc", id: 8 } }, "is at abc"],
    ["began another run of it", { ...stepping, run: { ...STEPPING, id: 8 } }, "another run"],
    ["has ended its run", failed, "another run"],
  ])("is not written when it %s", async (_, status, message) => {
    const moving = new MovingRollout(stepping, status);
    const written = writeCommand(moving, moving.first, ABORT);
    await expect(written).rejects.toMatchObject({ exit: "stale", message: expect.stringContaining(message) });
    expect(moving.written).toEqual([]);
  });

  test("gives up when it never gets through", async () => {
    const moving = new MovingRollout(...Array.from({ length: 20 }, () => stepping));
    await expect(writeCommand(moving, moving.first, ABORT)).rejects.toMatchObject({ problem: "conflict" });
  });
});
