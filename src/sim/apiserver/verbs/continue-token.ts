import { badRequest } from "../status.ts";

/** Where a list goes on: after the key `start`, as of a revision; -1 stands for "as it is now". */
export interface ContinueToken {
  readonly revision: number;
  readonly start: string;
}

const VERSION = "meta.k8s.io/v1";

export function writeContinueToken({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${start}\u0000` })).toString(
    "base64url",
  );
}

export function readContinueToken(text: string): ContinueToken {
  const decoded = Buffer.from(text, "base64url");
  if (!/^[-\w]*$/.test(text)) throw badToken("illegal base64 data at input byte 0");
  let token: { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown };
  try {
    token = JSON.parse(decoded.toString("utf8"));
  } catch {
    throw badToken(`invalid character ${firstCharacter(decoded)} looking for beginning of value`);
  }
  if (token === null || typeof token !== "object" || token.v !== VERSION) {
    throw badToken(`server does not recognize this encoded version ${JSON.stringify(token?.v ?? "")}`);
  }
  if (typeof token.start !== "string" || token.start === "") throw badToken("encoded start key empty");
  if (!Number.isInteger(token.rv)) throw badToken("incorrect encoded start resourceVersion");
  return { revision: token.rv as number, start: token.start.replaceAll("\u0000", "") };
}

function badToken(reason: string): Error {
  return badRequest(`invalid continue token: continue key is not valid: ${reason}`);
}

/** The first byte as Go quotes a rune. */
function firstCharacter(bytes: Buffer): string {
  const byte = bytes[0] ?? 0;
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return isPrintable ? `'${String.fromCharCode(byte)}'` : `'\\u${byte.toString(16).padStart(4, "0")}'`;
}
