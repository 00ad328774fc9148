import { describe, expect, it } from "vitest";
import { loadRecordings } from "../support/recordings/recording.ts";
import { replayRecording } from "../support/recordings/replay-recording.ts";

/** Recordings that do not replay equal yet, with what is missing. Whoever fixes one takes it off the list. */
const NOT_EQUAL: Readonly<Record<string, string>> = {};

describe("the embedded API server answers as the recorded one did", () => {
  const recordings = loadRecordings();

  it("replays all 61 recordings", () => {
    expect(recordings).toHaveLength(61);
  });

  for (const recording of recordings) {
    const reason = NOT_EQUAL[recording.scenario];
    const title = `${recording.scenario}: ${recording.about}`;
    if (reason === undefined) {
      it(title, async () => {
        expect(await replayRecording(recording)).toEqual([]);
      });
    } else {
      it.fails(`${title} (not equal: ${reason})`, async () => {
        expect(await replayRecording(recording)).toEqual([]);
      });
    }
  }
});
