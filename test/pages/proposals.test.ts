import { QdrantClient } from '@qdrant/js-client-rest';
import { beforeAll, describe, expect, test } from 'vitest';
import { waitUntilCaughtUp } from '../../fanout/caught-up.ts';
import { alice, askWhole, bob, login, settings } from '../harness.ts';
import { truth } from '../truth.ts';

// What the homepage proposes, computed once more from the sources alone, by the rules as the READMEs tell them and with none of the code.
const dayMs = 86_400_000;

beforeAll(() => waitUntilCaughtUp(settings));
const one = (sql: string, parameters: unknown[]) =>
  truth<{ id: string }>(sql, parameters).then((rows) => rows.map(({ id }) => id));

const followeesOf = (userId: string) =>
  one('SELECT followee_id AS id FROM follow WHERE follower_id = $1 AND follows', [userId]);
const watchedBy = (userId: string) =>
  one('SELECT DISTINCT movie_id AS id FROM user_watch WHERE user_id = $1', [userId]);

/** Both directions. */
const blockedWith = (userId: string) =>
  one(
    `SELECT CASE WHEN blocker_id = $1 THEN blocked_id ELSE blocker_id END AS id FROM block
     WHERE blocks AND $1 IN (blocker_id, blocked_id)`,
    [userId],
  );

/** Tags that somebody likes or is interested in. */
async function tagsOf(userId: string): Promise<Set<string>> {
  const liked = await one(`SELECT target_id AS id FROM user_like WHERE user_id = $1 AND kind = 'TAG' AND likes`, [
    userId,
  ]);
  const query = 'query ($id: ID!) { user(id: $id) { profile { interests } } }';
  const { user } = await askWhole(query, { variables: { id: userId } });
  return new Set([...liked, ...(user.profile?.interests ?? [])]);
}

describe.for([alice, bob])('as $id', (who) => {
  test('people to follow are the friends of friends, by mutuals and shared tags', async () => {
    const followees = await followeesOf(who.id);
    const excluded = new Set([who.id, ...followees, ...(await blockedWith(who.id))]);
    const mutuals = new Map<string, string[]>();
    for (const friend of followees) {
      for (const person of await followeesOf(friend)) {
        if (!excluded.has(person)) mutuals.set(person, [...(mutuals.get(person) ?? []), friend]);
      }
    }
    const own = await tagsOf(who.id);
    const expected = await Promise.all(
      [...mutuals].map(async ([id, friends]) => {
        const shared = [...(await tagsOf(id))].filter((tag) => own.has(tag)).sort();
        return {
          ...{ user: { id }, score: friends.length * (1 + 0.1 * shared.length), mutualCount: friends.length },
          ...{
            mutuals: friends
              .sort()
              .slice(0, 5)
              .map((friend) => ({ id: friend })),
            sharedTags: shared.slice(0, 5),
          },
        };
      }),
    );
    expected.sort((a, b) => b.score - a.score || (a.user.id < b.user.id ? -1 : 1));
    const query = '{ me { peopleToFollow(first: 100) { user { id } score mutualCount mutuals { id } sharedTags } } }';
    const { me } = await askWhole(query, { token: await login(who) });
    expect(me.peopleToFollow.length).toBeGreaterThan(5);
    expect(me.peopleToFollow).toEqual(
      expected.slice(0, 100).map((person) => ({ ...person, score: expect.closeTo(person.score, 9) })),
    );
  });

  test('recommendations merge what friends watched, what is alike and what is popular', async () => {
    const watched = new Set(await watchedBy(who.id));
    const friends = new Map<string, string[]>();
    for (const friend of await followeesOf(who.id)) {
      for (const movieId of await watchedBy(friend)) friends.set(movieId, [...(friends.get(movieId) ?? []), friend]);
    }
    const [alike, popular] = [await similarTo(who.id), await popularThisWeek()];
    const lists: [weight: number, heights: Map<string, number>][] = [
      [
        1,
        new Map(
          top(
            [...friends].map(([id, who]): Height => [id, who.length]),
            watched,
          ),
        ),
      ],
      [1, new Map([...alike].map(([id, { similarity }]) => [id, similarity]))],
      [0.5, new Map(popular)],
    ];
    const scores = new Map<string, number>();
    for (const [weight, heights] of lists) {
      const unwatched = [...heights].filter(([id]) => !watched.has(id));
      for (const [id, height] of unwatched) {
        const place = 1 + unwatched.filter(([, other]) => other > height).length;
        scores.set(id, (scores.get(id) ?? 0) + (weight / (60 + place)) * (61 / 2.5));
      }
    }
    const best = [...scores.values()].sort((a, b) => b - a);

    const query = `{ me { recommendations(first: 50) { score movie { id } reasons { kind movie { id } users { id } } } } }`;
    const { me } = await askWhole(query, { token: await login(who) });
    expect(me.recommendations).toHaveLength(50);
    for (const [place, { movie, score, reasons }] of me.recommendations.entries()) {
      expect(watched).not.toContain(movie.id);
      // Vectors are floats: two films that are alike to the fifth digit may change places, which are at most 0.0065 apart.
      expect(Math.abs(score - (scores.get(movie.id) ?? Number.NaN))).toBeLessThan(0.007);
      expect(Math.abs(score - (best[place] ?? Number.NaN))).toBeLessThan(0.007);
      expect(reasons).toEqual([
        ...(lists[0]?.[1].has(movie.id)
          ? [
              {
                kind: 'FRIENDS_WATCHED',
                movie: null,
                users: friends
                  .get(movie.id)
                  ?.sort()
                  .slice(0, 3)
                  .map((id) => ({ id })),
              },
            ]
          : []),
        ...(alike.has(movie.id)
          ? [{ kind: 'SIMILAR_TO_WATCHED', movie: { id: alike.get(movie.id)?.nearest }, users: [] }]
          : []),
        ...(lists[2]?.[1].has(movie.id) ? [{ kind: 'POPULAR', movie: null, users: [] }] : []),
      ]);
    }
  });
});

type Height = [id: string, height: number];

/** The hundred highest; of equals the one with the smaller id. */
const top = (all: Height[], watched: ReadonlySet<string>): Height[] =>
  all
    .filter(([id]) => !watched.has(id))
    .sort(([a, height], [b, other]) => other - height || (a < b ? -1 : 1))
    .slice(0, 100);

/** The hundred most viewed of the last seven days of UTC; of equals the one with the later id. */
async function popularThisWeek(): Promise<Height[]> {
  const since = new Date((Math.floor(Date.now() / dayMs) - 6) * dayMs);
  const rows = await truth<{ id: string; views: string }>(
    `SELECT movie_id AS id, count(*) AS views FROM user_watch WHERE action = 'PLAY' AND watched_at >= $1 GROUP BY movie_id`,
    [since],
  );
  return rows
    .map(({ id, views }): Height => [id, Number(views)])
    .sort(([a, height], [b, other]) => other - height || (a < b ? 1 : -1))
    .slice(0, 100);
}

/** The hundred movies nearest to the mean of the ten that somebody watched last, with which of these each is most like. */
async function similarTo(userId: string) {
  const rows = await truth<{ id: string }>(
    'SELECT movie_id AS id FROM user_watch WHERE user_id = $1 GROUP BY movie_id ORDER BY max(watched_at) DESC LIMIT 10',
    [userId],
  );
  const client = new QdrantClient({ url: settings.qdrant.url, checkCompatibility: false });
  const { points } = await client.scroll('movies', { limit: 10_000, with_vector: true, with_payload: true });
  const vectors = new Map(points.map(({ payload, vector }) => [String(payload?.id), vector as number[]]));
  const last = rows.map(({ id }) => [id, vectors.get(id) as number[]] as const);
  const mean = (last[0]?.[1] ?? []).map((_, at) => last.reduce((sum, [, vector]) => sum + (vector[at] ?? 0), 0));
  const nearest = [...vectors]
    .filter(([id]) => !last.some(([watched]) => watched === id))
    .map(([id, vector]) => ({ id, vector, similarity: cosine(vector, mean) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, 100);
  return new Map(
    nearest.map(({ id, vector, similarity }) => {
      const [closest] = last.toSorted(([, a], [, b]) => cosine(vector, b) - cosine(vector, a));
      return [id, { similarity, nearest: closest?.[0] }];
    }),
  );
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
