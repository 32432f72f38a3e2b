import type { Logger } from 'pino';
import { type Gateway, startGateway } from '../gateway/server.ts';
import { startSubgraph } from '../gateway/subgraph-server.ts';
import { rooms } from '../subgraphs/index.ts';
import { settings } from './harness.ts';

/** A gateway of the test's own on the test stack's stores, each of whose subgraphs is a server of its own behind HTTP. */
export async function startGatewayOverHttp(logger: Logger): Promise<Pick<Gateway, 'url'> & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const urls = new Map<string, string>();
  for (const { name } of rooms) {
    const subgraph = stack.use(await startSubgraph({ settings, name, rooms, logger, port: 0 }));
    urls.set(name, subgraph.url);
  }
  const here = { ...settings, subgraphs: { ...settings.subgraphs, urls }, gateway: { ...settings.gateway, port: 0 } };
  const { url } = stack.use(await startGateway({ settings: here, rooms, logger }));
  const running = stack.move();
  return { url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
