import pino from 'pino';
import { readSettings } from '../../config.ts';
import { startSubgraph } from '../../gateway/subgraph-server.ts';
import { rooms } from '../../subgraphs/index.ts';
import { answerUnderTest } from './under-test.ts';

/** All subgraphs over HTTP in one process, so that a gateway and they have a processor each where there are two. */
const settings = readSettings();
const logger = pino({ level: 'silent' });
const started = rooms.map(async ({ name }) => {
  const { url } = await startSubgraph({ settings, name, rooms, logger, port: 0 });
  return [name, url] as const;
});
answerUnderTest({ urls: Object.fromEntries(await Promise.all(started)) });
