import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyAll } from '../../fanout/apply.ts';
import type { Sink } from '../../fanout/sink.ts';
import type { StreamEvent } from '../../schema/events/index.ts';
import { bulk } from './bulk.ts';
import { readFamily } from './family.ts';
import { type Definition, indexName } from './indices.ts';
import { migrate } from './migrate.ts';
import { movieFacets } from './queries.ts';
import type { ElasticsearchStore } from './store.ts';
import { batchOf, movie, type OwnIndices, openOwnIndices } from './testing.ts';

let room: OwnIndices;
/** The mapping as a later version of the program has it. */
let changed: Definition;

beforeEach(async () => {
  room = await openOwnIndices();
  const { movies } = room.store.definitions;
  const properties = { ...movies.mappings.properties, synopsis: { type: 'text', analyzer: 'folded' } as const };
  changed = { ...movies, mappings: { ...movies.mappings, properties } };
});
afterEach(() => room?.[Symbol.asyncDispose]());

/** The store of a program with other definitions; `before` is told each request before it is sent. */
function storeWith({
  movies = room.store.definitions.movies,
  before = async () => {},
}: {
  movies?: Definition;
  before?: (statement: string) => Promise<void>;
}): ElasticsearchStore {
  return {
    ...room.store,
    definitions: { ...room.store.definitions, movies },
    // No reader here is slower than the test itself.
    timeoutMs: 0,
    async call(statement, work) {
      await before(typeof statement === 'string' ? statement : statement.text);
      return room.store.call(statement, work);
    },
  };
}

const family = () => readFamily(room.store, room.store.definitions.movies);
const alias = () => room.store.definitions.movies.alias;
const onlyNew = () => ({ current: indexName(changed), indices: [{ name: indexName(changed), isBlocked: false }] });
const onlyOld = () => {
  const name = indexName(room.store.definitions.movies);
  return { current: name, indices: [{ name, isBlocked: false }] };
};

/** Version by id of all documents that a search finds. */
async function versions(index: string): Promise<Record<string, number>> {
  return room.store.call('GET _search', async (client, options) => {
    const found = await client.search({ index, size: 10_000, version: true, _source: false }, options);
    return Object.fromEntries(found.hits.hits.map(({ _id, _version }) => [_id, _version]));
  });
}

/** Applies events as the consumer does: waits while the store takes no writes, and gives no event up. */
const deliver = (sink: Sink, events: readonly StreamEvent[]) =>
  applyAll(
    events.map((event, index) => ({
      offset: BigInt(index),
      message: { key: null, value: null },
      reading: { kind: 'event', event },
    })),
    {
      apply: (run) => sink.apply(batchOf(...run.flatMap(({ reading }) => ('event' in reading ? [reading.event] : [])))),
      probe: () => sink.probe(),
      retried() {},
      bury: (_item, reason) => Promise.reject(reason),
      advance: async () => {},
      outage: { begins() {}, ends() {}, leave() {} },
      signal: AbortSignal.timeout(30_000),
    },
  );

test('a new mapping takes over under traffic: no answer is empty or lost, no write is missing or old', {
  timeout: 60_000,
}, async () => {
  const expected = new Map<string, number>();
  const load = Array.from({ length: 3_000 }, (_, index) => movie({ movieId: `loaded${index}`, tags: ['loaded'] }, 1));
  for (let from = 0; from < load.length; from += 500) await room.sink.apply(batchOf(...load.slice(from, from + 500)));
  for (const { subject } of load) expected.set(subject, 1);

  let isOver = false;
  /** Applies new movies and newer versions of old ones, each found by the alias at once. */
  const writer = async (name: string) => {
    for (let turn = 1; !isOver; turn++) {
      const fresh = `${name}-${turn}`;
      const old = `loaded${2 * ((turn * 37) % 1_500) + (name === 'odd' ? 1 : 0)}`;
      const version = (expected.get(old) ?? 0) + 1;
      await deliver(room.sink, [movie({ movieId: fresh }, 1), movie({ movieId: old }, version)]);
      expected.set(fresh, 1).set(old, version);
      expect(await room.find(alias(), { terms: { id: [fresh] } })).toEqual([fresh]);
    }
  };
  let answers = 0;
  let fewest = Number.POSITIVE_INFINITY;
  const reader = async () => {
    for (; !isOver; answers++) {
      const [facets] = await movieFacets(room.store, [{ text: null, genres: [], tags: [] }]);
      fewest = Math.min(fewest, facets?.total ?? 0);
    }
  };
  const whileItLasts = async (work: Promise<void>) => {
    try {
      await work;
    } finally {
      isOver = true;
    }
  };
  // Longer than any of these searches takes.
  const store = { ...storeWith({ movies: changed }), timeoutMs: 1_000 };
  await Promise.all([migrate(store), writer('even'), writer('odd'), reader(), reader()].map(whileItLasts));

  expect(await family()).toEqual(onlyNew());
  expect(answers).toBeGreaterThan(10);
  expect(fewest).toBeGreaterThanOrEqual(load.length);
  expect(expected.size).toBeGreaterThan(load.length);
  expect(await versions(alias())).toEqual(Object.fromEntries(expected));
});

test('migrating again changes nothing', async () => {
  const statements: string[] = [];
  await migrate(storeWith({ before: async (statement) => void statements.push(statement) }));
  expect(statements.filter((statement) => /DELETE|_aliases|_bulk|_block/.test(statement))).toEqual([]);
  expect(await family()).toEqual(onlyOld());
});

test('what comes at the last moment before writes are held back is carried over', async () => {
  const events = [movie({ movieId: 'late' }, 7), movie({ movieId: 'old' }, 2)];
  await room.sink.apply(batchOf(movie({ movieId: 'old' }, 1)));
  await migrate(
    storeWith({
      movies: changed,
      before: async (statement) => {
        if (statement.includes('_block')) await room.sink.apply(batchOf(...events));
      },
    }),
  );
  expect(await family()).toEqual(onlyNew());
  expect(await versions(alias())).toEqual({ late: 7, old: 2 });
});

test('the new index shows everything from the moment of the switch; the old one stays for the slowest reader', async () => {
  await room.sink.apply(batchOf(...Array.from({ length: 20 }, (_, index) => movie({ movieId: `m${index}` }))));
  let switchedAt = 0;
  let deletedAt = 0;
  let isJustSwitched = false;
  const store = storeWith({
    movies: changed,
    before: async (statement) => {
      if (isJustSwitched) {
        expect(await room.find(alias(), { match_all: {} })).toHaveLength(20);
        switchedAt = performance.now();
      }
      isJustSwitched = statement.includes('_aliases');
      if (statement.startsWith('DELETE')) deletedAt = performance.now();
    },
  });
  await migrate({ ...store, timeoutMs: 300 });
  expect(deletedAt - switchedAt).toBeGreaterThanOrEqual(299);
});

test('what comes while writes are held back is refused as an outage, and applied after the switch', async () => {
  const batch = batchOf(movie({ movieId: 'late' }, 7));
  await migrate(
    storeWith({
      movies: changed,
      before: async (statement) => {
        if (!statement.includes('_aliases')) return;
        await expect(room.sink.apply(batch)).rejects.toThrow('cluster_block_exception');
        await expect(room.sink.probe()).rejects.toThrow('cluster_block_exception');
      },
    }),
  );
  await room.sink.apply(batch);
  await room.sink.probe();
  expect(await family()).toEqual(onlyNew());
  expect(await versions(alias())).toEqual({ late: 7 });
});

test('a migration that is taken up while writes are held back lets none through', async () => {
  const batch = batchOf(movie({ movieId: 'late' }, 7));
  await dieBefore('_aliases');
  await migrate(
    storeWith({
      movies: changed,
      before: async (statement) => {
        if (statement.includes('_search'))
          await expect(room.sink.apply(batch)).rejects.toThrow('cluster_block_exception');
      },
    }),
  );
  expect(await family()).toEqual(onlyNew());
  await room.sink.apply(batch);
});

test('a copy never puts an old version over a newer one', async () => {
  await room.sink.apply(batchOf(movie({ movieId: 'old' }, 1)));
  const { current } = await family();
  await migrate(storeWith({ movies: changed }));
  await room.sink.apply(batchOf(movie({ movieId: 'old' }, 2)));
  // As a copy would that comes late.
  const source = { id: 'old', version: 1, deleted: false };
  const writes = [{ index: onlyNew().current, id: 'old', version: 1, source }];
  expect(current).not.toBe(onlyNew().current);
  expect(await bulk(room.store, writes, { refresh: false })).toEqual([]);
  expect(await versions(alias())).toEqual({ old: 2 });
});

/** A migration to the changed mapping whose process dies before a request. */
const dieBefore = (request: string) =>
  migrate(
    storeWith({
      movies: changed,
      before: (() => {
        let isDead = false;
        return async (statement: string) => {
          isDead ||= statement.includes(request);
          if (isDead) throw new Error('killed');
        };
      })(),
    }),
  ).catch((error: Error) => expect(error.message).toBe('killed'));

test.each(['_bulk', '_block', '_aliases', 'DELETE'])(
  'killed before %s, the next run ends it, or takes it back',
  async (request) => {
    await room.sink.apply(batchOf(movie({ movieId: 'old' }, 3)));
    await dieBefore(request);
    expect(await room.find(alias(), { match_all: {} })).toEqual(['old']);

    await migrate(storeWith({ movies: changed }));
    expect(await family()).toEqual(onlyNew());
    expect(await versions(alias())).toEqual({ old: 3 });
    await room.sink.apply(batchOf(movie({ movieId: 'old' }, 4)));

    await migrate(storeWith({}));
    await dieBefore(request);
    // The program of before is started again.
    await migrate(storeWith({}));
    expect(await family()).toEqual(onlyOld());
    expect(await versions(alias())).toEqual({ old: 4 });
    await room.sink.apply(batchOf(movie({ movieId: 'old' }, 5)));
  },
);

test('a mapping that a document does not fit is refused, and the old index goes on', async () => {
  await room.sink.apply(batchOf(movie({ movieId: 'old', synopsis: 'no number' })));
  const properties = { ...changed.mappings.properties, synopsis: { type: 'integer' } as const };
  const wrong = { ...changed, mappings: { ...changed.mappings, properties } };
  await expect(migrate(storeWith({ movies: wrong }))).rejects.toThrow(/refuses old: document_parsing_exception/);
  expect((await family()).current).toEqual(onlyOld().current);
  await room.sink.apply(batchOf(movie({ movieId: 'new' })));
  expect(await room.find(alias(), { match_all: {} })).toEqual(['new', 'old']);
  // What was begun is taken away by the next run that succeeds.
  await migrate(storeWith({}));
  expect(await family()).toEqual(onlyOld());
});
