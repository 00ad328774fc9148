import { mkdirSync, writeFileSync } from "node:fs";
import { releaseRecording } from "./pictures/release.ts";
import { slackStory } from "./pictures/slack.ts";
import { burstPicture, evidencePicture } from "./pictures/verdict.ts";

/** Draws the pictures of the guides: `npm run pictures`. Seeds are fixed, so the files only change with the judge. */
const FOLDER = "docs/guides/pictures";
const PICTURES: Readonly<Record<string, () => string | Promise<string>>> = {
  "release.svg": releaseRecording,
  "slack.svg": slackStory,
  "verdict-evidence.svg": evidencePicture,
  "verdict-bursts.svg": burstPicture,
};

mkdirSync(FOLDER, { recursive: true });
for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(`${FOLDER}/${name}`, await draw());
console.log(`Wrote ${Object.keys(PICTURES).length} pictures to ${FOLDER}.`);
