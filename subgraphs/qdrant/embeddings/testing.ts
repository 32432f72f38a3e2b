import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A request as the endpoint got it. */
export interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: { model: string; input: string[]; encoding_format: string };
}

/** A server that speaks OpenAI's protocol for embeddings. */
export interface Endpoint extends AsyncDisposable {
  /** Where its API begins. */
  url: string;
  asked: Asked[];
}

/** Opens a server; `answer` decides what it says to each request. */
export async function openEndpoint(answer: (response: ServerResponse, asked: Asked) => void): Promise<Endpoint> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const one = { method, url, headers, body: (await json(request)) as Asked['body'] };
    asked.push(one);
    answer(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const say = (response: ServerResponse, status: number, text: string) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);

/** Answers as the protocol says, each vector with the place of its text, in any order. */
export function sayVectors(response: ServerResponse, { body }: Asked, vectorOf: (text: string) => number[]): void {
  const data = body.input.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
  const usage = { prompt_tokens: 1, total_tokens: 1 };
  say(response, 200, JSON.stringify({ object: 'list', model: body.model, data: data.toReversed(), usage }));
}
