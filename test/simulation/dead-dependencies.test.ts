import { expect, test } from "vitest";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { DEAD_STORIES, isQuick, playDeadStory } from "../../src/app/simulation/dead/stories.ts";

const crd = await rolloutCrd();

/** All of them take half a minute: `npm run sim -- --dead`. */
test.each(DEAD_STORIES.filter(isQuick))(
  "$title",
  async (story) => {
    expect(await playDeadStory(story, crd)).toEqual([]);
  },
  60_000,
);
