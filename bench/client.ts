import { Agent, request } from 'node:http';

/** A lean HTTP client over kept-alive connections: its own cost is in every figure, so it should be small. */
const agent = new Agent({ keepAlive: true });

/**
 * Posts a GraphQL request, or what looks like one.
 * @returns the body as it came
 * @throws Error when the answer is not 200, or holds errors: a failed page must not pass for a fast one
 */
export function post(url: string, { body, token }: { body: string; token?: string }): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token && { authorization: `Bearer ${token}` }),
  };
  const sent = request(url, { method: 'POST', agent, headers }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const isWhole = response.statusCode === 200 && !text.includes('"errors":');
      if (isWhole) resolve(text);
      else reject(new Error(`${url} answers ${response.statusCode}: ${text.slice(0, 500)}`));
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Ends the idle connections, so that servers can close. */
export const closeConnections = (): void => agent.destroy();
