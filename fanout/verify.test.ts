import { expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import type { OpenRoom, Room } from '../gateway/room.ts';
import type { Difference, Source } from './sink.ts';
import { verify } from './verify.ts';

const store: OpenRoom['store'] = { ping: async () => {}, migrate: async () => {}, close: async () => {} };
const watch = { eventId: 'e1', userId: 'u1', movieId: 'm1', action: 'PLAY', watchedAt: new Date() } as const;
const follow = { followerId: 'u1', followeeId: 'u2', follows: true, changedAt: new Date(), version: 1, eventId: 'e2' };
const isAt = (source: Partial<Source>): OpenRoom => ({ store, source });
const truths: Room[] = [
  {
    name: 'truth',
    resolvers: {},
    open: () =>
      isAt({
        watches: async function* () {
          yield [watch];
        },
      }),
  },
  {
    name: 'another',
    resolvers: {},
    open: () =>
      isAt({
        follows: async function* () {
          yield [follow];
        },
      }),
  },
];

const derived = (name: string, compare: (against: Source) => Promise<Difference[]>): Room => ({
  name,
  resolvers: {},
  consumes: ['watch.recorded'],
  open: () => ({ store, sink: { apply: async () => {}, probe: async () => {}, verify: compare } }),
});

async function verified(...rooms: Room[]): Promise<{ isAllThere: boolean; output: string }> {
  const lines: string[] = [];
  const isAllThere = await verify([...truths, ...rooms], readSettings(), (line) => lines.push(line));
  return { isAllThere, output: lines.join('\n') };
}

test('compares every sink with all sources as one', async () => {
  const asked: unknown[] = [];
  const note = async (against: Source) => {
    asked.push([
      await Array.fromAsync(against.watches()),
      await Array.fromAsync(against.follows()),
      await Array.fromAsync(against.posts()),
    ]);
    return [];
  };
  const { isAllThere, output } = await verified(derived('one', note), derived('two', note));
  expect(isAllThere).toBe(true);
  const facts = [[[watch]], [[follow]], []];
  expect(asked).toEqual([facts, facts]);
  expect(output).toMatch(/^one +as its source/);
});

test('names each difference, and goes on with the other stores', async () => {
  const { isAllThere, output } = await verified(
    derived('wrong', async () => [{ what: 'views of movie m1', expected: '3', actual: '2' }]),
    derived('right', async () => []),
  );
  expect(isAllThere).toBe(false);
  expect(output).toContain('views of movie m1: expected 3, is 2');
  expect(output).toMatch(/right +as its source/);
});

test('a store that cannot be compared is not passed over', async () => {
  const { isAllThere, output } = await verified(
    derived('gone', async () => {
      throw new Error('connection refused');
    }),
  );
  expect(isAllThere).toBe(false);
  expect(output).toContain('cannot be compared: connection refused');
});
