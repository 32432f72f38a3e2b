import type { Film } from '../films.ts';
import { createRandom, type Random, zipf } from './random.ts';
import type { DemoUser } from './users.ts';

export interface Follow {
  followerId: string;
  followeeId: string;
}

export interface Post {
  id: string;
  authorId: string;
  movieId?: string;
  title: string;
  body: string;
  tags: string[];
  createdAt: Date;
}

export interface Like {
  userId: string;
  kind: 'POST' | 'MOVIE' | 'TAG';
  targetId: string;
}

export interface Scene {
  users: DemoUser[];
  films: Film[];
  now: Date;
  seed: string;
}

const dayMs = 86_400_000;

/** Everybody follows three to twelve others, mostly the same few; Alice and Bob follow each other. */
export function* createFollows({ users, seed }: Scene): Generator<Follow> {
  const random = createRandom(`${seed} follows`);
  const drawUser = zipf(users.length, { exponent: 0.6, shift: 2 });
  for (const { id } of users) {
    const friend = { u123: 'u456', u456: 'u123' }[id];
    const followees = new Set(friend ? [friend] : []);
    for (let count = random.int(3, 12); count > 0; count--) followees.add((users[drawUser(random)] as DemoUser).id);
    followees.delete(id);
    for (const followeeId of followees) yield { followerId: id, followeeId };
  }
}

const remarks: ((film: Film) => { title: string; body: string })[] = [
  ({ title }) => ({ title: `Finally saw ${title}`, body: 'It had been on my list for years. Why did nobody tell me?' }),
  ({ title }) => ({ title: `${title}, ten minutes that stay`, body: 'You will know the scene when you see it.' }),
  ({ title }) => ({ title: `Is ${title} overrated?`, body: 'I liked it well enough. Tell me what I have missed.' }),
  ({ title, tags }) => ({ title: `More like ${title}?`, body: `I am looking for anything with ${tags.join(', ')}.` }),
  ({ title, releaseYear }) => ({ title: `${title} today`, body: `From ${releaseYear}, and it has not aged a day.` }),
  ({ title }) => ({
    title: `${title} with the family`,
    body: 'Three generations on one sofa, and all of us were quiet.',
  }),
];

/** p999 by Alice, then one post for every two users, newest last. */
export function* createPosts({ users, films, now, seed }: Scene): Generator<Post> {
  const random = createRandom(`${seed} posts`);
  const count = Math.ceil(users.length / 2);
  yield {
    id: 'p999',
    authorId: 'u123',
    movieId: 'm101',
    title: 'Trailer Reaction',
    body: 'I watched the trailer twice. A city that folds over itself: I am in!',
    tags: ['trailer', 'sci-fi'],
    createdAt: new Date(now.getTime() - 29 * dayMs),
  };
  for (let index = 0; index < count; index++) {
    const film = random.pick(films);
    const daysAgo = 28 * (1 - (index + random.next()) / count);
    yield {
      id: `p${1001 + index}`,
      authorId: random.pick(users).id,
      movieId: film.id,
      ...random.pick(remarks)(film),
      tags: film.tags.slice(0, random.int(1, 3)),
      createdAt: new Date(now.getTime() - Math.ceil(daysAgo * dayMs) - 1),
    };
  }
}

/** A few films, posts and tags for every user, none twice. */
export function* createLikes(scene: Scene): Generator<Like> {
  const random = createRandom(`${scene.seed} likes`);
  const targets = [
    { kind: 'MOVIE', ids: scene.films.map((film) => film.id), most: 8 },
    { kind: 'POST', ids: [...createPosts(scene)].map((post) => post.id), most: 6 },
    { kind: 'TAG', ids: [...new Set(scene.films.flatMap((film) => film.tags))], most: 3 },
  ] as const;
  for (const { id: userId } of scene.users) {
    for (const { kind, ids, most } of targets) {
      for (const targetId of someOf(ids, most, random)) yield { userId, kind, targetId };
    }
  }
}

function someOf(ids: readonly string[], most: number, random: Random): Set<string> {
  const chosen = new Set<string>();
  for (let count = random.int(0, most); count > 0; count--) chosen.add(random.pick(ids));
  return chosen;
}
