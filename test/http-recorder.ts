import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { StoreCall } from '../gateway/seam.ts';

/** A request, so that two that ask for the same are equal. */
export interface PlainRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  /** Its JSON document, or those of its lines; undefined where it has none. */
  body: unknown;
}

/** A way to a real HTTP server that notes what is asked. */
export interface Recorder extends AsyncDisposable {
  url: string;
  requests: PlainRequest[];
}

/** Opens a way to a server. */
export async function openRecorder(url: string): Promise<Recorder> {
  const requests: PlainRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const body = await text(request);
    requests.push(plainRequest(`${method} ${path}\n${body}`));
    const { host: _ours, connection: _too, 'content-length': _counted, ...passedOn } = headers;
    const answer = await fetch(new URL(path, url), {
      method,
      headers: passedOn as Record<string, string>,
      ...(body && { body }),
    });
    // The body comes decoded.
    const { 'content-encoding': _gone, 'content-length': _other, ...told } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, told).end(new Uint8Array(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Reads what one pastes into the console of a store that speaks JSON over HTTP: a line with method and path, then the body. */
export function plainRequest(pasted: string): PlainRequest {
  const [line = '', ...rest] = pasted.split('\n');
  const [method = '', target = ''] = line.split(' ');
  const { pathname, searchParams } = new URL(target, 'http://store');
  const body = rest.join('\n').trim();
  return {
    ...{ method, path: decodeURIComponent(pathname), query: Object.fromEntries(searchParams) },
    body: body ? documentsOf(body) : undefined,
  };
}

function documentsOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body.split('\n').map((line) => JSON.parse(line));
  }
}

/** Sends what one pastes, as it is. */
export async function paste(url: string, pasted: string): Promise<Record<string, unknown>> {
  const [line = '', ...rest] = pasted.split('\n');
  const [method, path = ''] = line.split(' ');
  const body = rest.join('\n');
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL(path, url), { method, ...(body && { headers, body }) });
  return (await answer.json()) as Record<string, unknown>;
}

/** A call's statement with its values, as the X-ray shows it. */
export const shellTextOf = ({ statement, parameters, inShell }: StoreCall): string =>
  inShell?.(statement, parameters) ?? statement;
