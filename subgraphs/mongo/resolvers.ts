import { connectionOf, readPage } from '../../gateway/connection.ts';
import { eventPlace } from '../../gateway/event-place.ts';
import { idPattern } from '../../gateway/input.ts';
import { hiddenFrom, idOf, requireViewer } from '../../gateway/room.ts';
import {
  addComment,
  createPost,
  deletePost,
  editPost,
  reportPost,
  updateProfile,
  voteId,
  votePoll,
} from './commands.ts';
import type { Attachment, Poll, ProfileContent } from './documents.ts';
import {
  type CommentRow,
  commentsByPost,
  discussions,
  eventsById,
  type PostRow,
  postsByAuthor,
  postsById,
  profilesByUser,
  votesById,
} from './queries.ts';
import type { RoomContext } from './store.ts';
import type { Resolvers } from './types.generated.ts';

export const resolvers: Resolvers = {
  Mutation: {
    async createPost(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { post, eventId } = await createPost(store, { ...input, authorId }, request.uploads);
      return { post, event: { id: eventId } };
    },
    async editPost(_, { input }, { store, request }) {
      const { userId: authorId } = await requireViewer(request);
      const { post, eventId } = await editPost(store, { ...input, authorId }, request.uploads);
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
    async votePoll(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      const { postId, option, eventId } = await votePoll(store, { ...input, userId });
      // As it is now, and not as another field of the request may have read it before.
      const [post] = await postsById(store, [postId]);
      // Deleted in between: its fields will say so.
      const isThere = post && !(post instanceof Error);
      return { post: isThere ? { ...post, ownVote: option } : { id: postId }, event: { id: eventId } };
    },
    async reportPost(_, { input }, { store, request }) {
      const { userId: reporterId } = await requireViewer(request);
      const { postId, eventId } = await reportPost(store, { ...input, reporterId });
      return { post: { id: postId }, event: { id: eventId } };
    },
    async updateProfile(_, { input }, { store, request }) {
      const { userId } = await requireViewer(request);
      const { profile, eventId } = await updateProfile(store, { ...input, userId });
      return { user: { id: userId, profile }, profile, event: { id: eventId } };
    },
  },
  // Fields load by themselves and not in __resolveReference: with MongoDB dead, each is null with its own error, and the fields
  // that other stores give of the same post stay.
  Post: {
    title: postField('title'),
    body: postField('body'),
    attachments: async (post, _, context) => (await rowOf(post, context)).attachments.map(attachmentNode),
    tags: postField('tags'),
    createdAt: postField('createdAt'),
    editedAt: postField('editedAt'),
    author: async (post, _, context) => ({ id: (await rowOf(post, context)).authorId }),
    movie: async (post, _, context) => {
      const { movieId } = await rowOf(post, context);
      return movieId === null ? null : { id: movieId };
    },
    async poll(post, _, context) {
      const { id: postId, poll, ownVote } = await rowOf(post, context);
      return poll && pollNode(poll, { postId, ownVote });
    },
    async comments(post, args, context) {
      const page = readPage(args, idPattern);
      const hidden = await hiddenFrom(context.request);
      const [comments] = await Promise.all([
        context.load(commentsByPost, { id: idOf(post), page, hidden }),
        // Says NOT_FOUND where there is no such post.
        rowOf(post, context),
      ]);
      return connectionOf(comments.map(commentNode), page, placeOf);
    },
  },
  Poll: {
    async ownVote(poll, _, { request, load }) {
      const { postId, ownVote } = poll as PollNode;
      if (ownVote !== undefined) return ownVote;
      const viewer = await request.viewer();
      return viewer && (await load(votesById, voteId(postId, viewer.userId)));
    },
  },
  Movie: {
    async discussion(movie, args, { request, load }) {
      const page = readPage(args, idPattern);
      const hidden = await hiddenFrom(request);
      return connectionOf(await load(discussions, { id: idOf(movie), page, hidden }), page, placeOf);
    },
  },
  User: {
    profile: (user, _, { load }) =>
      'profile' in user ? (user.profile as ProfileContent) : load(profilesByUser, idOf(user)),
    async posts(user, args, { request, load }) {
      const page = readPage(args, idPattern);
      const hidden = await hiddenFrom(request);
      return connectionOf(await load(postsByAuthor, { id: idOf(user), page, hidden }), page, placeOf);
    },
  },
  Event: {
    // Errors of a store that cannot be asked are the kafka room's to tell, which knows what the other sources say.
    inMongo: (event, _, { request, load }) => eventPlace(request, () => load(eventsById, idOf(event))),
  },
};

/** What resolvers know of a post. */
interface PostNode extends PostRow {
  /** What the viewer has just voted for. */
  ownVote?: number;
}

/** A post as a mutation or a list gave it, or as it is looked up where only the id is known. */
async function rowOf(post: { id?: string }, { load }: RoomContext): Promise<PostNode> {
  return 'authorId' in post ? (post as PostNode) : await load(postsById, idOf(post));
}

function postField<Name extends keyof PostRow>(name: Name) {
  return async (post: { id?: string }, _: unknown, context: RoomContext): Promise<PostRow[Name]> =>
    (await rowOf(post, context))[name];
}

const attachmentNode = ({ type, url, title, uploadId }: Attachment) => ({
  ...{ type, url, title },
  upload: uploadId === undefined ? null : { id: uploadId },
});

interface PollNode extends Poll {
  postId: string;
  /** Undefined where it has to be looked up. */
  ownVote: number | undefined;
}

const pollNode = (poll: Poll, { postId, ownVote }: Pick<PollNode, 'postId' | 'ownVote'>): PollNode => ({
  ...{ options: poll.options, closesAt: poll.closesAt },
  ...{ postId, ownVote },
});

const commentNode = ({ authorId, postId, ...comment }: CommentRow) => ({
  ...comment,
  author: { id: authorId },
  post: { id: postId },
});

const placeOf = ({ createdAt, id }: { createdAt: Date; id: string }) => ({ time: createdAt.getTime(), id });
