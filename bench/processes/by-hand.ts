import fastify from 'fastify';
import { readSettings } from '../../config.ts';
import { openRooms } from '../../gateway/open.ts';
import { rooms } from '../../subgraphs/index.ts';
import { type RecordWatch, recordWatch } from '../../subgraphs/postgres/commands.ts';
import { pages } from '../pages.ts';
import { storesOf, viewerOf } from '../stores.ts';
import { keysOf, type MoviePageData, partsOfMoviePage } from '../stores-alone.ts';
import { answerUnderTest } from './under-test.ts';

/** What one would write without a graph: each page and write an endpoint of its own, over the rooms' functions. */
const stores = storesOf(openRooms(rooms, readSettings()));
const http = fastify();
const tokenOf = ({ authorization = '' }: { authorization?: string }) => authorization.replace('Bearer ', '');

for (const page of pages) {
  http.post(`/${page.name}`, async ({ headers }) => ({ data: await page.byHand(stores, tokenOf(headers)) }));
  // What HTTP and JSON alone cost: the answer is there already.
  let finished: object | undefined;
  http.post(`/finished/${page.name}`, async ({ headers }) => {
    finished ??= { data: await page.byHand(stores, tokenOf(headers)) };
    return finished;
  });
}

http.post<{ Body: { variables: { input: Omit<RecordWatch, 'userId'> } } }>(
  '/record-watch',
  async ({ headers, body }) => {
    const { userId } = await viewerOf(stores, tokenOf(headers));
    const { eventId } = await recordWatch(stores.postgres, { ...body.variables.input, userId });
    return { data: { recordWatch: { event: { id: eventId } } } };
  },
);

const [moviePage] = pages;
let keys: ReturnType<typeof keysOf> | undefined;
for (const [name, part] of Object.entries(partsOfMoviePage)) {
  http.post(`/stores/${name}`, async ({ headers }) => {
    const token = tokenOf(headers);
    keys ??= keysOf((await moviePage?.byHand(stores, token)) as MoviePageData, token);
    await part(stores, keys);
    return { data: null };
  });
}

answerUnderTest({ url: await http.listen({ host: '127.0.0.1', port: 0 }) });
