import { Pool } from 'undici';
import { type Steady, steadyOf } from '../steady.ts';
import { answerParent } from './child.ts';

/** A number of requests over a number of connections, each of which asks again as soon as it is answered. */
export interface Job {
  url: string;
  /** Asked in turn. */
  requests: readonly { body: string; token: string }[];
  connections: number;
  operations: number;
}

const pools = new Map<string, Pool>();

/** The connections are kept from job to job, as far as servers keep them. */
function poolOf(origin: string, connections: number): Pool {
  const name = `${connections} ${origin}`;
  const pool = pools.get(name) ?? new Pool(origin, { connections, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });
  pools.set(name, pool);
  return pool;
}

async function run({ url, requests, connections, operations }: Job): Promise<Steady> {
  const { origin, pathname } = new URL(url);
  const pool = poolOf(origin, connections);
  const ended: { atMs: number; wallMs: number }[] = [];
  let next = 0;
  const client = async () => {
    while (next < operations) {
      const request = requests[next % requests.length] as Job['requests'][number];
      next += 1;
      const sentAt = performance.now();
      await post(pool, pathname, request);
      const atMs = performance.now();
      ended.push({ atMs, wallMs: atMs - sentAt });
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  return steadyOf(ended, connections);
}

/** @throws Error when the answer is not 200, or holds errors: a failed page must not pass for a fast one */
async function post(pool: Pool, path: string, { body, token }: Job['requests'][number]): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await pool.request({ method: 'POST', path, headers, body });
  const text = await response.body.text();
  if (response.statusCode === 200 && !text.includes('"errors":')) return text;
  throw new Error(`${path} answers ${response.statusCode}: ${text.slice(0, 500)}`);
}

answerParent(null, {
  run,
  /** One answer, to look at. */
  answerOf: ({ url, request }: { url: string; request: Job['requests'][number] }) => {
    const { origin, pathname } = new URL(url);
    return post(poolOf(origin, 1), pathname, request);
  },
});
