import pino from 'pino';
import { readSettings } from '../../config.ts';
import { startGateway } from '../../gateway/server.ts';
import { rooms } from '../../subgraphs/index.ts';
import { answerUnderTest } from './under-test.ts';

/** StreamShop's gateway. The environment says where its subgraphs run, as it does outside of the benchmark. */
const { url } = await startGateway({ settings: readSettings(), rooms, logger: pino({ level: 'silent' }) });
answerUnderTest({ url });
