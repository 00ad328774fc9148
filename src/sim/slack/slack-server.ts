import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EmbeddedSlack } from "./embedded-slack.ts";
import { slackPicture } from "./picture.ts";

export interface SlackServer {
  /** The page with what has been posted; the Web API is below it at /api. */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_048_576;

/** The embedded Slack on real sockets: the Web API for the controller, and a page for people. Port 0 takes a free one. */
export async function listenSlack(
  slack: EmbeddedSlack,
  address: { readonly host: string; readonly port: number },
): Promise<SlackServer> {
  const server = createServer((request, response) => {
    answer(slack, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  slack: EmbeddedSlack,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, method] = /^\/api\/([a-z.A-Z]+)$/.exec(request.url ?? "") ?? [];
  if (request.method === "POST" && method !== undefined) {
    const { status, body } = slack.call(method, request.headers.authorization, await bodyOf(request));
    response.writeHead(status, { "content-type": "application/json" }).end(body);
    return;
  }
  response.writeHead(request.url === "/" ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
  response.end(request.url === "/" ? page(slack) : "the page is at /\n");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) throw new Error("the body is too long");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function page(slack: EmbeddedSlack): string {
  const channels = [...new Set(slack.posts.map(({ channel }) => channel))];
  const pictures = channels.map((name) =>
    slackPicture(
      slack.posts.filter(({ channel }) => channel === name),
      `#${name}`,
    ),
  );
  const empty = channels.length === 0 ? "<p>Nothing has been posted yet.</p>" : "";
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Slack, as far as Sluice knows</title>${empty}${pictures.join("")}`;
}
