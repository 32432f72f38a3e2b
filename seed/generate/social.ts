import type { LikeKind } from '../../schema/events/social.ts';
import { createPosts } from './posts.ts';
import { createRandom, type Random, zipf } from './random.ts';
import { dayMs, momentBetween, type Scene } from './scene.ts';
import type { DemoUser } from './users.ts';

export interface Follow {
  followerId: string;
  followeeId: string;
  /** Since when. */
  changedAt: Date;
}

export interface Like {
  userId: string;
  kind: LikeKind;
  targetId: string;
  /** Since when. */
  changedAt: Date;
}

const historyMs = 30 * dayMs;
const postsInAlicesFeed = 12;

/**
 * Everybody follows three to twelve others, mostly the same few. Alice and Bob follow each other, and Alice whoever wrote one of
 * the newest posts: her feed is full.
 */
export function* createFollows(scene: Scene): Generator<Follow> {
  const { users, now, seed } = scene;
  const newest = [...createPosts(scene)].slice(-postsInAlicesFeed).map(({ authorId }) => authorId);
  const random = createRandom(`${seed} follows`);
  const drawUser = zipf(users.length, { exponent: 0.6, shift: 2 });
  const since = now.getTime() - historyMs;
  for (const { id } of users) {
    const followees = new Set({ u123: ['u456', ...newest], u456: ['u123'] }[id]);
    for (let count = random.int(3, 12); count > 0; count--) followees.add((users[drawUser(random)] as DemoUser).id);
    followees.delete(id);
    for (const followeeId of followees) {
      yield { followerId: id, followeeId, changedAt: momentBetween(since, now.getTime(), random) };
    }
  }
}

/** A few films, posts and tags for every user, none twice; a post only after it was written. */
export function* createLikes(scene: Scene): Generator<Like> {
  const random = createRandom(`${scene.seed} likes`);
  const until = scene.now.getTime();
  const writtenAt = new Map(createPosts(scene).map(({ id, createdAt }) => [id, createdAt.getTime()]));
  const targets = [
    { kind: 'MOVIE', ids: scene.films.map((film) => film.id), most: 8 },
    { kind: 'POST', ids: [...writtenAt.keys()], most: 6 },
    { kind: 'TAG', ids: [...new Set(scene.films.flatMap((film) => film.tags))], most: 3 },
  ] as const;
  for (const { id: userId } of scene.users) {
    for (const { kind, ids, most } of targets) {
      for (const targetId of someOf(ids, most, random)) {
        const since = (kind === 'POST' ? writtenAt.get(targetId) : undefined) ?? until - historyMs;
        yield { userId, kind, targetId, changedAt: momentBetween(since, until, random) };
      }
    }
  }
}

function someOf(ids: readonly string[], most: number, random: Random): Set<string> {
  const chosen = new Set<string>();
  for (let count = random.int(0, most); count > 0; count--) chosen.add(random.pick(ids));
  return chosen;
}
