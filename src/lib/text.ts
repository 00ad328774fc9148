/** `text` on one line, at most `maxLength` characters long; what is cut off is marked with an ellipsis. */
export function shorten(text: string, maxLength: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, Math.max(0, maxLength - 1)).trimEnd()}…`;
}

/** `1 pod`, `3 pods`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** With a capital letter, as a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A shorter secret would blank out half of the text; and who has one has other worries. */
const MIN_SECRET = 4;

/** What somebody else says may quote what was sent in confidence: those parts become `***`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return (
    secrets
      // A scheme and a token ("Bearer abc") may come back apart.
      .flatMap((secret) => [secret, ...secret.split(/\s+/)])
      .filter((secret) => secret.length >= MIN_SECRET)
      .reduce((told, secret) => told.replaceAll(secret, "***"), text)
  );
}
