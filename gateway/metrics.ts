import { hash, timingSafeEqual } from 'node:crypto';
import { getHeapStatistics } from 'node:v8';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge } from 'prom-client';
import type { OpenedRooms } from './open.ts';
import { registry } from './registry.ts';
import { measureStores } from './store-metrics.ts';

/** Who may read the metrics. */
export interface MetricsAccess {
  /** Whether strangers are about: then nobody may without the token, and where there is none, nobody at all. */
  isProduction: boolean;
  /** Asked for wherever it is set. METRICS_TOKEN */
  metricsToken?: string | null;
}

/** What a scrape is answered. */
export interface Scrape {
  status: 200 | 401 | 404;
  contentType: string;
  body: string;
}

let isMeasured = false;

/** Begins to measure this process and the stores of its rooms; called again, it only adds stores. */
export function measureProcess({ list }: OpenedRooms): void {
  measureStores(list.flatMap(({ room, open }) => (open ? [room.name] : [])));
  if (isMeasured) return;
  isMeasured = true;
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'streamshop_heap_limit_bytes',
    help: "How large V8's heap may grow before the process ends (--max-old-space-size).",
    registers: [registry],
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
}

/** Answers a scrape in Prometheus' text format, or refuses it. */
export async function scrape(
  authorization: string | undefined,
  { isProduction, metricsToken }: MetricsAccess,
): Promise<Scrape> {
  const refusal = { contentType: 'text/plain; charset=utf-8', body: '' };
  if (metricsToken) {
    if (!isSame(authorization ?? '', `Bearer ${metricsToken}`)) return { ...refusal, status: 401 };
  } else if (isProduction) return { ...refusal, status: 404 };
  return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
}

/** Measures the process and serves the figures under /metrics. */
export function serveMetrics(http: FastifyInstance, rooms: OpenedRooms, access: MetricsAccess): void {
  measureProcess(rooms);
  http.get('/metrics', async ({ headers }, reply) => {
    const { status, contentType, body } = await scrape(headers.authorization, access);
    return await reply.status(status).type(contentType).send(body);
  });
}

/** Compares without telling by its duration how much was right; the digests are of one length. */
const isSame = (given: string, expected: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
