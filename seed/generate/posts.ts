import type { attachmentTypes } from '../../schema/events/post.ts';
import type { Film } from '../films.ts';
import { createRandom, type Random } from './random.ts';
import { dayMs, hourMs, type Scene } from './scene.ts';
import { generalRemarks, remarksAbout } from './texts.ts';

export interface Post {
  id: string;
  authorId: string;
  /** Null where it is about no film. */
  movieId: string | null;
  title: string;
  body: string;
  attachments: { type: (typeof attachmentTypes)[number]; url: string; title: string | null }[];
  tags: string[];
  /** What it asks its readers; most ask nothing. */
  poll?: { options: string[] };
  createdAt: Date;
}

const media = 'https://media.streamshop.example';

/** p999 by Alice, then one post for every two users, newest last. Every fifth is about Inception, every ninth about no film. */
export function* createPosts({ users, films, now, seed }: Scene): Generator<Post> {
  const random = createRandom(`${seed} posts`);
  const count = Math.ceil(users.length / 2);
  const inception = films.find(({ id }) => id === 'm101');
  yield {
    id: 'p999',
    authorId: 'u123',
    movieId: 'm101',
    title: 'Trailer Reaction',
    body: 'I watched the trailer twice. A city that folds over itself: I am in!',
    attachments: [{ type: 'VIDEO', url: `${media}/trailers/m101.mp4`, title: 'The trailer' }],
    tags: ['trailer', 'sci-fi'],
    createdAt: new Date(now.getTime() - 29 * dayMs),
  };
  for (let index = 0; index < count; index++) {
    const film = index % 5 === 2 && inception ? inception : random.pick(films);
    const age = 28 * dayMs * (1 - (index + random.next()) / count) + hourMs;
    yield {
      id: `p${1001 + index}`,
      authorId: random.pick(users).id,
      ...(index % 9 === 5 && film !== inception ? aboutNothing(random) : about(film, random)),
      createdAt: new Date(now.getTime() - Math.ceil(age)),
    };
  }
}

type Content = Pick<Post, 'movieId' | 'title' | 'body' | 'attachments' | 'tags' | 'poll'>;

function about(film: Film, random: Random): Content {
  const poster = { type: 'IMAGE', url: `${media}/posters/${film.id}.svg`, title: `Poster of ${film.title}` } as const;
  return {
    movieId: film.id,
    ...random.pick(remarksAbout)(film),
    tags: film.tags.slice(0, random.int(1, 3)),
    attachments: random.chance(0.25) ? [poster] : [],
  };
}

function aboutNothing(random: Random): Content {
  return { movieId: null, ...random.pick(generalRemarks), attachments: [] };
}
