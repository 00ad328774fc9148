import { expect, test } from "vitest";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { DEAD_STORIES, playDeadStory } from "../../src/app/simulation/dead/stories.ts";

const crd = await rolloutCrd();

test.each(DEAD_STORIES)(
  "$title",
  async (story) => {
    expect(await playDeadStory(story, crd)).toEqual([]);
  },
  60_000,
);
