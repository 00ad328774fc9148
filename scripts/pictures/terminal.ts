/** What a terminal showed from one moment on: lines with ANSI styles. */
export interface Frame {
  readonly lines: readonly string[];
  readonly seconds: number;
}

export const COLUMNS = 118;
const CELL = { width: 7.8, height: 17 } as const;
const PADDING = 16;
const BAR = 30;

/** SGR codes that `styleText` makes, as a dark terminal shows them. */
const STYLES: Readonly<Record<number, string>> = {
  1: 'font-weight="bold"',
  2: 'fill="#7d8590"',
  31: 'fill="#ff7b72"',
  32: 'fill="#3fb950"',
  33: 'fill="#d29922"',
  36: 'fill="#39c5cf"',
};

/** Frames one after the other, for ever; as text, so that it is sharp and small. Where nothing moves the last one is shown. */
export function terminalPicture(title: string, frames: readonly Frame[]): string {
  const rows = Math.max(...frames.map(({ lines }) => lines.length));
  const width = Math.ceil(COLUMNS * CELL.width + 2 * PADDING);
  const height = BAR + rows * CELL.height + 2 * PADDING;
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  let begun = 0;
  const rules: string[] = [];
  const groups = frames.map((frame, index) => {
    const from = (begun / total) * 100;
    begun += frame.seconds;
    rules.push(keyframes(index, from, (begun / total) * 100));
    const isLast = index === frames.length - 1;
    return `<g class="f" opacity="${isLast ? 1 : 0}" style="animation-name:f${index}">${frame.lines.map(row).join("")}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">
<title>${escaped(title)}</title>
<style>.f{animation-duration:${total}s;animation-iteration-count:infinite;animation-timing-function:step-end}
${rules.join("\n")}</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="18" cy="16" r="5" fill="#ff5f57"/><circle cx="36" cy="16" r="5" fill="#febc2e"/><circle cx="54" cy="16" r="5" fill="#28c840"/>
<text x="${width / 2}" y="20" text-anchor="middle" fill="#7d8590">${escaped(title)}</text>
<g transform="translate(${PADDING} ${BAR + PADDING})">
${groups.join("\n")}
</g>
</svg>
`;
}

/** Visible from one share of the whole to another; steps hold what was set last. */
function keyframes(index: number, from: number, to: number): string {
  const percent = (share: number) => `${share.toFixed(2)}%`;
  const before = from === 0 ? "" : "0%{opacity:0}";
  return `@keyframes f${index}{${before}${percent(from)}{opacity:1}${to >= 100 ? "" : `${percent(to)}{opacity:0}`}}`;
}

function row(line: string, index: number): string {
  if (line === "") return "";
  return `<text xml:space="preserve" y="${(index + 1) * CELL.height - 5}">${spans(line)}</text>`;
}

/** Text between escape codes, each with the styles that are on. */
function spans(line: string): string {
  const on = new Set<number>();
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes begin with one
  return [...line.matchAll(/\u001b\[(\d+)m|([^\u001b]+)/g)]
    .map(([, code, text]) => {
      if (code !== undefined) applyCode(on, Number(code));
      if (text === undefined) return "";
      const start = column;
      column += text.length;
      const styles = [...on].flatMap((style) => STYLES[style] ?? []).join(" ");
      const length = (text.length * CELL.width).toFixed(1);
      return `<tspan x="${(start * CELL.width).toFixed(1)}" textLength="${length}" ${styles}>${escaped(text)}</tspan>`;
    })
    .join("");
}

/** 39 ends colours, 22 bold and dim. */
function applyCode(on: Set<number>, code: number): void {
  const ends: Readonly<Record<number, readonly number[]>> = { 0: [...on], 22: [1, 2], 39: [31, 32, 33, 36] };
  const ended = ends[code];
  if (ended === undefined) on.add(code);
  for (const style of ended ?? []) on.delete(style);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
