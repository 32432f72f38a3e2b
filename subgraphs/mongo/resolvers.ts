import { connectionOf, readPage } from '../../gateway/connection.ts';
import { eventPlace } from '../../gateway/event-place.ts';
import { idPattern } from '../../gateway/input.ts';
import { idOf, requireViewer } from '../../gateway/room.ts';
import { addComment, createPost, deletePost, editPost } from './commands.ts';
import {
  type CommentRow,
  commentsByPost,
  discussions,
  eventsById,
  type PostRow,
  postsByAuthor,
  postsById,
} from './queries.ts';
import type { RoomContext } from './store.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Mutation: {
    async createPost(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { post, eventId } = await createPost(store, { ...input, authorId });
      return { post, event: { id: eventId } };
    },
    async editPost(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { post, eventId } = await editPost(store, { ...input, authorId });
      return { post, event: { id: eventId } };
    },
    async deletePost(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { postId, eventId } = await deletePost(store, { ...input, authorId });
      return { postId, event: { id: eventId } };
    },
    async addComment(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { comment, eventId } = await addComment(store, { ...input, authorId });
      return { comment: commentNode(comment), event: { id: eventId } };
    },
  },
  // Fields load by themselves and not in __resolveReference: with MongoDB dead, each is null with its own error, and the fields
  // that other stores give of the same post stay.
  Post: {
    title: postField('title'),
    body: postField('body'),
    attachments: postField('attachments'),
    tags: postField('tags'),
    createdAt: postField('createdAt'),
    editedAt: postField('editedAt'),
    author: async (post, _, context) => ({ id: (await rowOf(post, context)).authorId }),
    movie: async (post, _, context) => {
      const { movieId } = await rowOf(post, context);
      return movieId === null ? null : { id: movieId };
    },
    async comments(post, args, context) {
      const page = readPage(args, idPattern);
      const [comments] = await Promise.all([
        context.load(commentsByPost, { id: idOf(post), page }),
        // Says NOT_FOUND where there is no such post.
        rowOf(post, context),
      ]);
      return connectionOf(comments.map(commentNode), page, placeOf);
    },
  },
  Movie: {
    async discussion(movie, args, { load }) {
      const page = readPage(args, idPattern);
      return connectionOf(await load(discussions, { id: idOf(movie), page }), page, placeOf);
    },
  },
  User: {
    async posts(user, args, { load }) {
      const page = readPage(args, idPattern);
      return connectionOf(await load(postsByAuthor, { id: idOf(user), page }), page, placeOf);
    },
  },
  Event: {
    // Errors of a store that cannot be asked are the kafka room's to tell, which knows what the other sources say.
    inMongo: (event, _, { request, load }) => eventPlace(request, () => load(eventsById, idOf(event))),
  },
};

/** A post as a mutation or a list gave it, or as it is looked up where only the id is known. */
async function rowOf(post: { id?: string }, { load }: RoomContext): Promise<PostRow> {
  return 'authorId' in post ? (post as PostRow) : await load(postsById, idOf(post));
}

function postField<Name extends keyof PostRow>(name: Name) {
  return async (post: { id?: string }, _: unknown, context: RoomContext): Promise<PostRow[Name]> =>
    (await rowOf(post, context))[name];
}

const commentNode = ({ authorId, postId, ...comment }: CommentRow) => ({
  ...comment,
  author: { id: authorId },
  post: { id: postId },
});

const placeOf = ({ createdAt, id }: { createdAt: Date; id: string }) => ({ time: createdAt.getTime(), id });
