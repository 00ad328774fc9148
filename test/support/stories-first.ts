import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders whose files take seconds each. */
const STORIES = /\/test\/(scenario|simulation|e2e|verdict)\//;

/** Begins with what takes longest, so that no worker is left with it when the others are done. */
export class StoriesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isStory = ({ moduleId }: TestSpecification) => STORIES.test(moduleId);
    return [...sorted.filter(isStory), ...sorted.filter((file) => !isStory(file))];
  }
}
