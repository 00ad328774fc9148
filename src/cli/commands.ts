import { IMAGE_COMMANDS } from "./image-commands.ts";
import { addPlaygroundCommand } from "./playground.ts";
import type { AddCommand } from "./program.ts";

/** Every command of `sluice`. */
export const COMMANDS: readonly AddCommand[] = [...IMAGE_COMMANDS, addPlaygroundCommand];
