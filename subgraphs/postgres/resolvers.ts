import * as z from 'zod';
import { eventPlace } from '../../gateway/event-place.ts';
import { badInput, checkInput, filledText } from '../../gateway/input.ts';
import { idOf, requireSelf, requireViewer } from '../../gateway/room.ts';
import {
  type BlockState,
  changeBlock,
  changeFollow,
  changeLike,
  type FollowState,
  type LikeState,
  login,
  recordWatch,
  signUp,
} from './commands.ts';
import { blockedByUser, eventsById, type MovieRow, moviePages, moviesById, usersById } from './queries.ts';
import type { RoomContext } from './store.ts';
import type { QueryMoviesArgs, Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Query: {
    async movies(_, args, context) {
      const { movies, hasNextPage } = await context.load(moviePages, pageKey(args));
      const edges = movies.map((node) => ({ cursor: cursorOf(node), node }));
      return {
        edges,
        pageInfo: {
          hasNextPage,
          hasPreviousPage: args.after != null,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  },
  Mutation: {
    async signUp(_, { input }, { store }) {
      const { userId, eventId } = await signUp(store, input);
      return { user: { id: userId }, event: { id: eventId } };
    },
    async login(_, { input }, { store, request }) {
      const viewer = await login(store, input);
      return { token: await request.sessions.create(viewer), user: { id: viewer.userId } };
    },
    async recordWatch(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      const { movieId, eventId, ...watch } = await recordWatch(store, { ...input, userId });
      return { watch: { ...watch, user: { id: userId }, movie: { id: movieId } }, event: { id: eventId } };
    },
    async follow(_, { input }, { store, request }) {
      const { userId: followerId } = await requireViewer(request);
      return followPayload(await changeFollow(store, { ...input, followerId, follows: true }));
    },
    async unfollow(_, { input }, { store, request }) {
      const { userId: followerId } = await requireViewer(request);
      return followPayload(await changeFollow(store, { ...input, followerId, follows: false }));
    },
    async block(_, { input }, { store, request }) {
      const { userId: blockerId } = await requireViewer(request);
      return blockPayload(await changeBlock(store, { ...input, blockerId, blocks: true }));
    },
    async unblock(_, { input }, { store, request }) {
      const { userId: blockerId } = await requireViewer(request);
      return blockPayload(await changeBlock(store, { ...input, blockerId, blocks: false }));
    },
    async like(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      return likePayload(await changeLike(store, { ...input, userId, likes: true }));
    },
    async unlike(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      return likePayload(await changeLike(store, { ...input, userId, likes: false }));
    },
  },
  // Fields load by themselves and not in __resolveReference: with Postgres dead, each is null with its own error, and the
  // fields that other stores give of the same movie stay.
  Movie: {
    title: movieField('title'),
    synopsis: movieField('synopsis'),
    releaseYear: movieField('releaseYear'),
    runtimeMinutes: movieField('runtimeMinutes'),
    genres: movieField('genres'),
    tags: movieField('tags'),
    licensedFrom: movieField('licensedFrom'),
    licensedUntil: movieField('licensedUntil'),
    imdbId: movieField('imdbId'),
    tmdbId: movieField('tmdbId'),
  },
  User: {
    name: async (user, _, context) => (await context.load(usersById, idOf(user))).name,
    email: async (user, _, context) => {
      await requireSelf(context.request, idOf(user));
      return (await context.load(usersById, idOf(user))).email;
    },
    createdAt: async (user, _, context) => (await context.load(usersById, idOf(user))).createdAt,
    async blocked(user, { first }, context) {
      const userId = idOf(user);
      await requireSelf(context.request, userId);
      const page = checkInput(blockedArguments, { first }, []);
      return (await context.load(blockedByUser, { userId, ...page })).map((id) => ({ id }));
    },
  },
  Event: {
    // Errors of a store that cannot be asked are the kafka room's to tell, which knows what the other sources say.
    inPostgres: (event, _, { request, load }) => eventPlace(request, () => load(eventsById, idOf(event))),
  },
};

const blockPayload = ({ blockerId, blockedId, blocks, eventId }: BlockState) => ({
  blocker: { id: blockerId },
  blocked: { id: blockedId },
  blocks,
  event: eventId === null ? null : { id: eventId },
});

const followPayload = ({ followerId, followeeId, follows, eventId }: FollowState) => ({
  follower: { id: followerId },
  followee: { id: followeeId },
  follows,
  event: eventId === null ? null : { id: eventId },
});

const likePayload = ({ kind, targetId, likes, eventId }: LikeState) => ({
  kind,
  targetId,
  likes,
  movie: kind === 'MOVIE' ? { id: targetId } : null,
  post: kind === 'POST' ? { id: targetId } : null,
  tag: kind === 'TAG' ? targetId : null,
  event: eventId === null ? null : { id: eventId },
});

/** A field of the movie as the list gave it, or as it is looked up where only the id is known. */
function movieField<Name extends keyof MovieRow>(name: Name) {
  return async (movie: { id?: string }, _: unknown, context: RoomContext): Promise<MovieRow[Name]> => {
    const row = name in movie ? (movie as MovieRow) : await context.load(moviesById, idOf(movie));
    return row[name];
  };
}

const blockedArguments = z.object({ first: z.int().min(1, 'is at least 1').max(1_000, 'is at most 1000') });

const most = 100;
const word = filledText(most).nullish();
const year = z.int().min(1).max(9_999).nullish();
const pageArguments = z.object({
  first: z.int().min(1, 'is at least 1').max(most, `is at most ${most}`),
  genre: word,
  tag: word,
  yearFrom: year,
  yearTo: year,
});

function pageKey({ first, after, ...filters }: QueryMoviesArgs) {
  const { genre, tag, yearFrom, yearTo, ...page } = checkInput(pageArguments, { first: first ?? 20, ...filters }, []);
  return {
    first: page.first,
    after: after == null ? null : readCursor(after),
    genre: genre ?? null,
    tag: tag ?? null,
    yearFrom: yearFrom ?? null,
    yearTo: yearTo ?? null,
  };
}

const cursorOf = ({ releaseYear, id }: MovieRow) => Buffer.from(`${releaseYear}/${id}`).toString('base64url');

function readCursor(cursor: string): { releaseYear: number; id: string } {
  const match = /^(\d{4})\/([A-Za-z0-9_-]{1,128})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw badInput('after: is not a cursor of this list.', ['after']);
  const [, releaseYear, id] = match;
  return { releaseYear: Number(releaseYear), id: id as string };
}
