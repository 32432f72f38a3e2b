import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../config.ts';
import { postgresOutbox } from '../fanout/postgres-outbox.ts';
import { startRelay } from '../fanout/relay.ts';
import { openTestKafka, silent, type TestKafka, until } from '../fanout/testing.ts';
import { serverNames } from '../stack/server.ts';
import { importUsers } from '../subgraphs/postgres/commands.ts';
import { once } from '../subgraphs/postgres/migrate/engine.ts';
import { openPostgres, type PostgresStore } from '../subgraphs/postgres/store.ts';
import { createDatabase } from '../subgraphs/postgres/testing.ts';
import { type ImportOptions, importFolder, isImported, mostRatedFilm } from './import.ts';
import { type Generated, generateFolder } from './testing.ts';

// A database and a home of their own; and topics of their own, so that the sinks that run beside hear nothing of it.
let kafka: TestKafka;
let home: string;
let folder: string;
let env: NodeJS.ProcessEnv;
let store: PostgresStore;
let cleanups: (() => unknown)[];

beforeEach(async () => {
  cleanups = [];
  home = mkdtempSync(join(tmpdir(), 'streamshop-import-'));
  folder = join(home, 'ml-test');
  const { url, drop } = await createDatabase();
  cleanups.push(drop);
  const without = serverNames().filter((name) => name !== 'postgres' && name !== 'kafka');
  env = {
    ...process.env,
    POSTGRES_URL: url,
    STREAMSHOP_HOME: home,
    STREAMSHOP_WITHOUT: without.join(),
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
  store = openPostgres(readSettings(env).postgres);
  cleanups.push(() => store.close());
  await store.migrate();
  kafka = await openTestKafka();
  cleanups.push(() => kafka[Symbol.asyncDispose]());
  // The commands write the names of the shared topics.
  const prefix = kafka.names.topic('watch_events').replace('watch_events', '');
  await once(
    url,
    `CREATE FUNCTION own_topic() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.aggregatetype := '${prefix}' || NEW.aggregatetype;
      RETURN NEW;
    END
    $$`,
  );
  await once(url, 'CREATE TRIGGER own_topic BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION own_topic()');
});

afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  rmSync(home, { recursive: true });
});

async function runRelay(): Promise<void> {
  const { settings, names } = kafka;
  const outbox = postgresOutbox(readSettings(env).postgres);
  const worker = startRelay({ outbox, settings, logger: silent, names });
  cleanups.push(() => worker.stop());
  await worker.ready;
}

const generate = (ratings: number): Generated =>
  generateFolder({
    ...{ folder, seed: 'import', films: 300, users: Math.ceil(ratings / 100), ratings },
    now: new Date(),
    hasBadRows: true,
  });

const load = (options: Partial<ImportOptions> = {}) =>
  importFolder({ settings: readSettings(env), folder, onProgress: () => {}, ...options });

/** Compares the source of truth with what the folder was made of. */
async function expectAll({ films, watches }: Generated): Promise<void> {
  const rows = await store.db.$queryRaw<Record<string, unknown>[]>`
    SELECT id, title, synopsis, release_year AS "releaseYear", runtime_minutes AS "runtimeMinutes", genres, tags,
           imdb_id AS "imdbId", tmdb_id AS "tmdbId"
    FROM movies ORDER BY id`;
  const shown = films.map((film) => ({ ...film, synopsis: '', runtimeMinutes: 100 }));
  expect(rows).toEqual(shown.toSorted((a, b) => (a.id < b.id ? -1 : 1)));

  const userIds = [...new Set(watches.map(({ userId }) => userId))].sort();
  const users = await store.db.$queryRaw<{ id: string; name: string; email: string }[]>`
    SELECT id, name, email FROM users ORDER BY id`;
  expect(users).toEqual(
    userIds.map((id) => {
      const number = id.slice('mlu'.length);
      return { id, name: `Viewer ${number}`, email: `viewer.${number}@movielens.example` };
    }),
  );

  const recorded = await store.db.$queryRaw<{ watch: string }[]>`
    SELECT concat_ws(' ', user_id, movie_id, extract(epoch FROM watched_at)::bigint, action, position_seconds,
                     duration_seconds, device, quality) AS watch
    FROM user_watch`;
  const expected = watches.map(
    ({ userId, movieId, watchedAt }) => `${userId} ${movieId} ${watchedAt.getTime() / 1_000} PLAY 0 0 WEB HD`,
  );
  expect(recorded.map(({ watch }) => watch).sort()).toEqual(expected.sort());
}

const countEvents = async () => {
  const rows = await store.db.$queryRaw<{ events: number }[]>`
    SELECT ((SELECT count(*) FROM outbox) + (SELECT count(*) FROM event_position))::int AS events`;
  return rows[0]?.events;
};

/** Runs `npm run import` as a person would. */
function start(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...args], {
    env: { ...env, INIT_CWD: home },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  const exitCode = new Promise<number | null>((resolve) => child.on('close', resolve));
  cleanups.push(async () => child.kill('SIGKILL'));
  return { child, exitCode, output: () => output };
}

const checkpointFile = () => join(home, readdirSync(home).find((name) => /^import-\w+\.json$/.test(name)) ?? 'none');

/** Waits until the checkpoint has so many watches. */
const untilRecorded = (watches: number) =>
  until(`${watches} watches are noted`, () => {
    const file = checkpointFile();
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).watches >= watches;
  });

test('films, users and watches are there, each once, and the bad rows are told', async () => {
  const generated = generate(5_000);
  await runRelay();
  const notices: string[] = [];
  const progress: string[] = [];
  const summary = await load({ onNotice: (text) => notices.push(text), onProgress: (text) => progress.push(text) });
  await expectAll(generated);
  const { films, watches, bad } = generated;
  expect(summary).toMatchObject({
    films: films.length,
    tags: films.reduce((sum, { tags }) => sum + tags.length, 0),
    users: 50,
    watches: watches.length,
    skipped: bad,
    missing: [],
    notApplied: undefined,
    wasDone: false,
  });
  expect(notices).toContainEqual(expect.stringMatching(/^movies\.csv:42: wrong number of columns: 4 instead of 3$/));
  const columns = notices.filter((line) => /^ratings\.csv:\d+: wrong number of columns/.test(line));
  expect(columns).toHaveLength(Math.min(20, bad['ratings.csv: wrong number of columns'] ?? 0));
  expect(progress.join('\n')).toMatch(/\d+% \[[█░]{20}\] [\d,]+ rows, [\d,]+ rows\/s, .* left/);

  const perFilm = Map.groupBy(watches, ({ movieId }) => movieId);
  const most = perFilm.get((await mostRatedFilm(readSettings(env), folder)) ?? '')?.length;
  expect(most).toBe(Math.max(...perFilm.values().map(({ length }) => length)));

  const events = await countEvents();
  expect(await load()).toEqual({ ...summary, wasDone: true });
  expect(await countEvents()).toBe(events);
  expect(await isImported(readSettings(env), folder)).toBe(true);

  appendFileSync(join(folder, 'ratings.csv'), '7,1,4.0,964982703\n');
  expect(await isImported(readSettings(env), folder)).toBe(false);
  expect(await load()).toMatchObject({ notApplied: undefined, wasDone: false });
  await expectAll({
    ...generated,
    watches: [...watches, { userId: 'mlu7', movieId: 'ml1', watchedAt: new Date(964982703_000) }],
  });
});

test('killed again and again, and stopped with Ctrl-C, it ends with everything once', {
  timeout: 180_000,
}, async () => {
  const generated = generate(20_000);
  await runRelay();
  let earlier = '';
  for (const watches of [1, 4_000, 9_000]) {
    const { child, exitCode } = start('ml-test');
    await untilRecorded(watches);
    child.kill('SIGKILL');
    await exitCode;
    earlier ||= readFileSync(checkpointFile(), 'utf8');
  }
  // As after a kill between the end of a transaction and the note of it, only that it is thousands of rows.
  writeFileSync(checkpointFile(), earlier);
  const stopped = start('ml-test');
  await untilRecorded(14_000);
  stopped.child.kill('SIGINT');
  expect(await stopped.exitCode).toBe(130);
  expect(stopped.output()).toContain('Stopped. The same command goes on from here.');

  const last = start('ml-test');
  expect(await last.exitCode).toBe(0);
  await expectAll(generated);
  const output = last.output();
  expect(output).toMatch(/going on at line 1\d{4} of ratings\.csv/);
  expect(output).toMatch(/300 films with [\d,]+ tags, 200 users, 20,000 watches/);
  expect(output).toMatch(/[\d,]+ rows of ratings\.csv in [\d.]+ s: [\d,]+ rows\/s into the sources/);
  expect(output).toMatch(/every store had them [\d.]+ s after the last row/);
  for (const [kind, rows] of Object.entries(generated.bad)) expect(output).toMatch(`${rows}  ${kind}`);

  const again = start('ml-test');
  expect(await again.exitCode).toBe(0);
  expect(again.output()).toContain('is imported already');
});

test('rows that the source of truth refuses are left out, and their neighbours are not', async () => {
  const generated = generate(2_000);
  await runRelay();
  await importUsers(store, [{ id: 'somebody-else', name: 'Somebody', email: 'viewer.3@movielens.example' }]);
  const { skipped, watches } = await load();
  const refused = generated.watches.filter(({ userId }) => userId === 'mlu3');
  expect(skipped['ratings.csv: refused by the source of truth']).toBeGreaterThanOrEqual(refused.length);
  expect(watches).toBe(generated.watches.length - refused.length);
  const rows = await store.db.$queryRaw<{ watches: number }[]>`SELECT count(*)::int AS watches FROM user_watch`;
  expect(rows).toEqual([{ watches }]);
});

test('it pauses while the write path is too far behind, and goes on when that has caught up', {
  timeout: 180_000,
}, async () => {
  const generated = generate(40_000);
  const progress: string[] = [];
  const loading = load({ onProgress: (text) => progress.push(text) });
  await until(
    'it waits',
    () => progress.some((text) => /waiting for the relay, which is [23]\d,\d+ events behind/.test(text)),
    60_000,
  );
  await runRelay();
  expect(await loading).toMatchObject({ watches: generated.watches.length, notApplied: undefined });
});

test('without Kafka everything is loaded, and it says that nobody has applied it', async () => {
  const generated = generate(2_000);
  const notices: string[] = [];
  const settings = readSettings({ ...env, KAFKA_BROKERS: '127.0.0.1:1' });
  const summary = await load({ settings, onNotice: (text) => notices.push(text) });
  expect(summary.notApplied).toMatch(/ECONNREFUSED/);
  const warnings = notices.filter((text) => text.startsWith('how far the stores are cannot be seen'));
  expect(warnings).toHaveLength(1);
  await expectAll(generated);
  // Nothing is left to load: the next call only waits for the stores.
  await runRelay();
  expect(await load()).toMatchObject({ watches: generated.watches.length, notApplied: undefined, wasDone: false });
});

test('two imports of a folder do not run at once', async () => {
  generate(2_000);
  await runRelay();
  const [first, second] = await Promise.allSettled([load(), load()]);
  expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
  const refused = [first, second].find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(refused.reason.message).toMatch(/is being imported already$/);
});

test('what a person can mend is told in one line', async () => {
  const nowhere = start('no-such-folder');
  expect(await nowhere.exitCode).toBe(1);
  expect(nowhere.output().trim()).toBe(
    `${join(home, 'no-such-folder')} is no folder. Unpack a MovieLens archive, such as ml-latest-small.zip, and name the folder`,
  );
  const unsaid = start();
  expect(await unsaid.exitCode).toBe(1);
  expect(unsaid.output()).toMatch(/^Usage: npm run import -- FOLDER/);

  generate(100);
  env = { ...env, POSTGRES_URL: 'postgresql://streamshop:streamshop@127.0.0.1:1/streamshop' };
  const alone = start('ml-test');
  expect(await alone.exitCode).toBe(1);
  expect(alone.output().trim()).toMatch(
    /^there is nothing to import into: postgres cannot be reached.* Start the servers \(npm start/,
  );
});
