import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import { type StoreCall, secret } from '../../gateway/seam.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { endedCalls } from '../../gateway/testing.ts';
import { leaderboardKey } from './leaderboards.ts';
import { leaderboards, movieCounters, postCounters, trendingMovies } from './queries.ts';
import { scripts } from './scripts.ts';
import { redisSessions } from './sessions.ts';
import { inRedisCli } from './shell.ts';
import { redisSink } from './sink.ts';
import { type OwnCorner, openCorner } from './testing.ts';

const settings = readSettings().redis;
let corner: OwnCorner;
let server: Redis;
beforeAll(async () => {
  corner = openCorner();
  server = new Redis(settings.url);
});
afterAll(async () => {
  server.disconnect();
  await corner[Symbol.asyncDispose]();
});

/** Text with all that a shell could take for its own. */
const awkward = `it's "a" \\n \\x41 <id> … $\nnext\tline; 映画`;

/** The commands that one connection sends during `work`, as the server read them. */
async function commandsDuring(
  work: () => Promise<unknown>,
  isOwn: (command: string[]) => boolean,
): Promise<string[][]> {
  const monitor = await server.monitor();
  const commands: string[][] = [];
  const end = randomUUID();
  const ended = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, command: string[], source: string) => {
      if (command[1] === end) resolve();
      else if (source !== 'lua' && isOwn(command))
        commands.push(command.map((word, index) => (index === 0 ? word.toUpperCase() : word)));
    });
  });
  await work();
  await server.echo(end);
  await ended;
  monitor.disconnect();
  return commands;
}

/** Sends lines as they are: the server reads such commands by the same rules as redis-cli. */
async function paste(lines: string): Promise<string> {
  const { hostname, port } = new URL(settings.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`${lines}\nQUIT\n`);
  return await text(socket);
}

const pasted = ({ statement, parameters }: StoreCall) => inRedisCli(statement, parameters);

test('what is pasted into redis-cli are the commands that the room sends', async () => {
  const ids = [corner.movie(), corner.movie(), corner.post(), corner.post()] as const;
  const movies = [ids[0], `${ids[1]} ${awkward}`];
  const posts = [ids[2], `${ids[3]} ${awkward}`];
  const sink = redisSink(corner.store);
  const play = corner.play(corner.movie());
  const blocker = corner.user();
  const block = corner.block(blocker, awkward, { blocks: true, version: 1 });
  const week = leaderboardKey('WEEK', Date.now());
  const isOwn = ([name = '', ...words]: string[]) =>
    words.some((word) =>
      [...ids, play.id, blocker, week, 'trending', 'trending:landmark'].some((id) => word.includes(id)),
    ) || ['multi', 'exec'].includes(name.toLowerCase());
  // A script is sent whole the first time.
  await sink.apply(corner.batch(0, [corner.play(corner.movie())]));
  await sink.apply(corner.batch(0, [corner.block(corner.user(), blocker, { blocks: true, version: 1 })]));

  let calls: StoreCall[] = [];
  const sent = await commandsDuring(async () => {
    calls = await endedCalls(async () => {
      await movieCounters(corner.store, movies);
      await postCounters(corner.store, posts);
      await trendingMovies(corner.store, [2, 3]);
      await leaderboards(corner.store, ['WEEK']);
      await sink.apply(corner.batch(1, [play]));
      await sink.apply(corner.batch(1, [block]));
    });
  }, isOwn);
  expect(calls).toHaveLength(6);
  expect(sent.map(([name]) => name)).toEqual(
    'MGET ZREVRANK ZREVRANK MGET ZCOUNT ZCOUNT MULTI GET ZREVRANGE EXEC ZREVRANGE EVALSHA EVALSHA'.split(' '),
  );
  let answer = '';
  const again = await commandsDuring(async () => {
    answer = await paste(calls.map(pasted).join('\n'));
  }, isOwn);
  expect(again).toEqual(sent);
  expect(answer).not.toMatch(/^-/m);
  for (const { statement } of calls) for (const id of ids) expect(statement).not.toContain(id);
  expect(await corner.views(play.data.movieId)).toBe(1);
});

test('no observer gets a session’s key', async () => {
  const sessions = redisSessions(corner.store);
  let key = '';
  const calls = await endedCalls(async () => {
    key = sessionKeyOf(await sessions.create({ userId: 'u1', scopes: [] }));
    await sessions.find(key);
    await sessions.end(key);
  });
  expect(calls.map(pasted)).toEqual([
    `SET "session:<secret>" "{\\"userId\\":\\"u1\\",\\"scopes\\":[]}" EX 3600`,
    `EVALSHA ${scripts.findSession.sha1} 1 "session:<secret>" 3600 blocks:`,
    'DEL "session:<secret>"',
  ]);
  for (const { statement, parameters } of calls) {
    expect(parameters).toMatchObject({ sha256: secret });
    expect(statement + JSON.stringify(parameters)).not.toContain(key);
  }
});

test('a list within a repeated line belongs to that line', () => {
  const lines = inRedisCli('SMISMEMBER <key> <id> …\n…\nPING', { key: ['a', 'b'], id: [['1', '2'], ['3']] });
  expect(lines).toBe('SMISMEMBER a 1 2\nSMISMEMBER b 3\nPING');
});
