import type { Film } from './films.ts';
import { type Comment, createComments } from './generate/comments.ts';
import { createPlaybackMetrics, type PlaybackMetric } from './generate/metrics.ts';
import { createPosts, type Post } from './generate/posts.ts';
import { createProfiles, type Profile } from './generate/profiles.ts';
import { createRandom } from './generate/random.ts';
import type { Watch } from './generate/session.ts';
import { createFollows, createLikes, type Follow, type Like } from './generate/social.ts';
import { createUsers, type DemoUser } from './generate/users.ts';
import { createPostViews, type PostView } from './generate/views.ts';
import { createVotes, type Vote } from './generate/votes.ts';
import { createWatches } from './generate/watches.ts';

export type { Comment, DemoUser, Follow, Like, PlaybackMetric, Post, PostView, Profile, Vote, Watch };

/** A session has three to four watches: about 1,500, 30,000 and 300,000 in all. */
const sizes = {
  test: { users: 30, sessions: 430 },
  demo: { users: 300, sessions: 8_600 },
  bench: { users: 3_000, sessions: 86_000 },
} as const;
export type DemoSize = keyof typeof sizes;

/** The demo data. What is an Iterable is made while it is read, the same each time. */
export interface Demo {
  users: DemoUser[];
  profiles: Iterable<Profile>;
  /** In order of time. */
  watches: Iterable<Watch>;
  follows: Iterable<Follow>;
  likes: Iterable<Like>;
  posts: Iterable<Post>;
  /** Post after post, a post's oldest first. */
  comments: Iterable<Comment>;
  votes: Iterable<Vote>;
  postViews: Iterable<PostView>;
  /** In order of time; those of the last hour of what is still being played come at the end. */
  playbackMetrics: Iterable<PlaybackMetric>;
}

export interface GenerateOptions {
  size: DemoSize;
  /** Everything happened before this moment, the watches in the 30 days before it. */
  now: Date;
  films: Film[];
}

/**
 * Makes demo data for the catalogue: the same size, films and `now` give the same data.
 * @throws Error when the catalogue lacks a film that the demo logins watch (generate/script.ts)
 */
export function generate({ size, now, films }: GenerateOptions): Demo {
  const seed = `streamshop ${size}`;
  const users = createUsers({ count: sizes[size].users, now, random: createRandom(`${seed} users`) });
  const scene = { users, films, now, seed };
  const watches = again(() => createWatches({ ...scene, sessions: sizes[size].sessions }));
  return {
    users,
    profiles: again(() => createProfiles(scene)),
    watches,
    follows: again(() => createFollows(scene)),
    likes: again(() => createLikes(scene)),
    posts: again(() => createPosts(scene)),
    comments: again(() => createComments(scene)),
    votes: again(() => createVotes(scene)),
    postViews: again(() => createPostViews(scene)),
    playbackMetrics: again(() => createPlaybackMetrics(watches, scene)),
  };
}

/** Starts anew for every reader, where a generator object could be read only once. */
const again = <T>(start: () => Iterator<T>): Iterable<T> => ({ [Symbol.iterator]: start });
