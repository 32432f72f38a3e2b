import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verify } from '../command.ts';
import { control } from '../control.ts';
import { derivedState } from '../derived.ts';
import { askWhole, newUser, recordWatch, settings, until, untilApplied } from '../harness.ts';
import { viewsSince } from '../truth.ts';

test('Redis’ data folder deleted: the counters come back right', async () => {
  const user = await newUser();
  await untilApplied(await recordWatch(user.token, { movieId: 'm144' }), user.token);
  const before = await derivedState();

  await control(settings, 'stopOne', 'redis');
  rmSync(join(settings.home, 'redis', 'data'), { recursive: true, force: true });
  await control(settings, 'start', 'redis');

  const truth = await viewsSince(new Date(0));
  await until('the counters are back', async () => {
    const { movies } = await askWhole('{ movies(first: 100) { edges { node { id viewCount } } } }');
    return movies.edges.every(({ node }: { node: { id: string; viewCount: number } }) => {
      return node.viewCount === (truth.get(node.id) ?? 0);
    });
  });
  await verify();
  const after = await derivedState();
  expect(after.redis.views).toEqual(before.redis.views);
  expect(after.redis.leaderboard).toEqual(before.redis.leaderboard);

  // Sessions were only there, so everybody logs in again; counting goes on from where it was.
  const again = await newUser();
  await untilApplied(await recordWatch(again.token, { movieId: 'm144' }), again.token);
  const { movie } = await askWhole('{ movie(id: "m144") { viewCount } }');
  expect(movie.viewCount).toBe((truth.get('m144') ?? 0) + 1);
});
