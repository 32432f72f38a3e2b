import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway } from '../gateway/server.ts';
import { readFilms } from '../seed/films.ts';
import { importUsers, recordWatch } from '../subgraphs/postgres/commands.ts';
import { post } from './client.ts';
import { estimate, interleave, percentile } from './pairs.ts';
import { type Row, rowsOf } from './rows.ts';
import { type Stores, storesOf } from './stores.ts';

export interface WriteFigures {
  name: string;
  title: string;
  sides: [string, string];
  rows: Row[];
  /** From the command's commit until every sink has applied the event; the ratios are to the command's median. */
  applied: AppliedRow[];
  /** The sinks that consume watches. */
  sinks: string[];
}

export type AppliedRow = Omit<Row, 'spread'>;

const rounds = 20;
const followedWatches = 100;
const writers = 16;
/** How soon an event is asked for again: so much later than it happened an application can be seen. */
const askAgainMs = 2;
const giveUpAfterMs = 30_000;

const mutation = `mutation RecordWatch($input: RecordWatchInput!) { recordWatch(input: $input) { event { id } } }`;
const sinksQuery = `query Sinks($id: ID!) { event(id: $id) { sinks { name status } } }`;

interface Writer {
  userId: string;
  token: string;
}

/**
 * Measures recordWatch through the graph beside the bare command, which writes the same rows; then how long the events take
 * until every derived store has them.
 */
export async function measureRecordWatch(gateway: Gateway, tell: (text: string) => void): Promise<WriteFigures> {
  const stores = storesOf(gateway);
  const nextWriter = inTurn(await openWriters(stores));
  const movieIds = readFilms().map(({ id }) => id);
  let latest: { eventId: string; token: string } | undefined;
  let sinks: string[] = [];

  const input = () => ({
    movieId: movieIds[Math.floor(Math.random() * movieIds.length)] as string,
    ...({ action: 'PLAY', positionSeconds: 0, durationSeconds: 0, device: 'WEB', quality: 'HD' } as const),
    idempotencyKey: randomUUID(),
  });
  const command = async () => {
    const { userId, token } = nextWriter();
    const { eventId } = await recordWatch(stores.postgres, { ...input(), userId });
    latest = { eventId, token };
  };
  const graph = async () => {
    const { token } = nextWriter();
    const body = JSON.stringify({ query: mutation, variables: { input: input() } });
    const { data } = JSON.parse(await post(gateway.url, { body, token }));
    latest = { eventId: data.recordWatch.event.id, token };
  };
  const applied = async () => {
    if (latest) sinks = await untilApplied(gateway, latest);
  };

  const sides = { graph, command, again: command };
  tell('warming up');
  await interleave(sides, { rounds: 3, operations: 40, concurrency: 4, settle: applied });
  const measure = (concurrency: number, operations: number) =>
    interleave(sides, {
      ...{ rounds, concurrency, operations, settle: applied },
      onRound: (done) => tell(`${concurrency} at once, round ${done} of ${rounds}`),
    });
  const single = await measure(1, 10);
  const many = await measure(writers, 48);

  const followed: Followed[] = [];
  for (let done = 1; done <= followedWatches; done += 1) {
    const startedAt = performance.now();
    await command();
    const committedAt = performance.now();
    await applied();
    followed.push({ commandMs: committedAt - startedAt, appliedMs: performance.now() - committedAt });
    if (done % 10 === 0) tell(`following events, ${done} of ${followedWatches}`);
  }

  const compared = { left: 'graph', right: 'command', again: 'again' } as const;
  const of = ['cpu', 'rate', 'p50', 'p99'] as const;
  return {
    name: 'record-watch',
    title: 'The write path: recordWatch',
    sides: ['graph', 'command'],
    rows: [
      ...rowsOf(single, compared, { when: '1 at a time', of }),
      ...rowsOf(many, compared, { when: `${writers} at once`, of }),
    ],
    applied: [50, 95].map((percent) => appliedRow(followed, percent)),
    sinks,
  };
}

interface Followed {
  commandMs: number;
  appliedMs: number;
}

function appliedRow(followed: readonly Followed[], percent: number): AppliedRow {
  const appliedIn = (some: readonly Followed[]) =>
    percentile(
      some.map(({ appliedMs }) => appliedMs),
      percent,
    );
  const commandIn = (some: readonly Followed[]) =>
    percentile(
      some.map(({ commandMs }) => commandMs),
      50,
    );
  return {
    label: `commit to applied p${percent}`,
    unit: 'ms',
    left: appliedIn(followed),
    right: commandIn(followed),
    ratio: estimate(followed, (some) => appliedIn(some) / commandIn(some)),
  };
}

/** Users of the benchmark's own: a watch locks its user, so as many as write at once. The same ones at each run. */
async function openWriters({ postgres, sessions }: Stores): Promise<Writer[]> {
  const ids = Array.from({ length: writers }, (_, index) => `bench-${index + 1}`);
  const users = ids.map((id) => ({ id, name: `Benchmark ${id}`, email: `${id}@streamshop.example` }));
  await importUsers(postgres, users);
  return Promise.all(ids.map(async (userId) => ({ userId, token: await sessions.create({ userId, scopes: [] }) })));
}

function inTurn<T>(items: readonly T[]): () => T {
  let turn = 0;
  return () => {
    turn += 1;
    return items[turn % items.length] as T;
  };
}

/** Asks `event(id)` until every sink that consumes the event has applied it; gives the names of these. */
async function untilApplied(
  { url }: Gateway,
  { eventId, token }: { eventId: string; token: string },
): Promise<string[]> {
  const body = JSON.stringify({ query: sinksQuery, variables: { id: eventId } });
  const deadline = performance.now() + giveUpAfterMs;
  for (;;) {
    const { data } = JSON.parse(await post(url, { body, token }));
    const sinks: { name: string; status: string }[] = data.event.sinks;
    const consuming = sinks.filter(({ status }) => status !== 'NOT_CONSUMED');
    const waiting = consuming.filter(({ status }) => status !== 'APPLIED');
    if (waiting.length === 0) return consuming.map(({ name }) => name);
    if (performance.now() > deadline) {
      const states = waiting.map(({ name, status }) => `${name} ${status}`).join(', ');
      throw new Error(`event ${eventId} is not applied after ${giveUpAfterMs} ms: ${states}`);
    }
    await delay(askAgainMs);
  }
}
