import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Settings } from '../config.ts';
import { type MetricsAccess, measureProcess, scrape } from '../gateway/metrics.ts';
import type { OpenedRooms } from '../gateway/open.ts';
import { reasonOf } from './backoff.ts';
import { countFanout } from './counters.ts';
import { measureProgress } from './progress-metrics.ts';
import { openProgressSources } from './progress-sources.ts';

/** What a process of the workers runs. */
export interface Workers {
  rooms: OpenedRooms;
  /** The outboxes that it relays. */
  outboxes: readonly string[];
  settings: Settings & Partial<Pick<MetricsAccess, 'metricsToken'>>;
  logger: Logger;
}

/**
 * Measures the workers and serves the figures under /metrics. Where the port is taken, as by another process of the workers,
 * that is logged and the work goes on.
 */
export async function serveWorkerMetrics({ rooms, outboxes, settings, logger }: Workers): Promise<AsyncDisposable> {
  const sinks = rooms.list.flatMap(({ room: { name, consumes }, open }) =>
    consumes && open?.sink ? [{ name, consumes }] : [],
  );
  const sinkNames = sinks.map(({ name }) => name);
  const sources = openProgressSources(settings, { outboxes, sinks });
  measureProcess(rooms);
  countFanout(outboxes, sinkNames);
  measureProgress(sources, sinkNames, logger);

  const server = createServer(async ({ method, url, headers }, response) => {
    if (url !== '/metrics' || !['GET', 'HEAD'].includes(method ?? '')) return response.writeHead(404).end();
    try {
      const { status, contentType, body } = await scrape(headers.authorization, settings);
      response.writeHead(status, { 'content-type': contentType }).end(body);
    } catch (error) {
      logger.error({ err: error }, 'the metrics could not be told');
      response.writeHead(500).end();
    }
  });
  const { host, port } = settings.workers;
  try {
    server.listen(port, host);
    await once(server, 'listening');
    logger.info({ url: `http://${host}:${(server.address() as AddressInfo).port}/metrics` }, 'metrics');
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'no metrics of this process; WORKERS_PORT=0 takes a free port');
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await sources[Symbol.asyncDispose]();
    },
  };
}
