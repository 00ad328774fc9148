import type { Terminal } from "./terminal.ts";

const CURSOR_OFF = "\u001b[?25l";
const CURSOR_ON = "\u001b[?25h";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** A block of lines at the end of the terminal that is drawn again and again in its place. */
export class Screen {
  readonly #terminal: Terminal;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.out(CURSOR_OFF);
  }

  draw(lines: readonly string[]): void {
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    this.#terminal.out(`\r${up}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_BELOW}`);
    this.#drawn = lines.length;
  }

  /** Takes away what was drawn last, so that lines can be written that stay. */
  clear(): void {
    this.#terminal.out(`\r${this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`}${CLEAR_BELOW}`);
    this.#drawn = 0;
  }

  /** Leaves what was drawn last on the terminal. */
  leave(): void {
    this.#terminal.out(CURSOR_ON);
  }
}
