import * as z from 'zod';
import { codedError, quoted } from '../../../gateway/errors.ts';
import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import type { Poll, VoteDocument } from '../documents.ts';
import { collections, entryOf } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { type Appending, appendRows } from './append-rows.ts';

const voteInput = z.object({
  userId: idText,
  postId: idText,
  option: z.int('is no whole number').min(0, 'is no place of an option'),
});

export type VotePoll = z.input<typeof voteInput>;

export interface WrittenVote {
  postId: string;
  option: number;
  eventId: string;
}

/**
 * Votes in a post's poll, with the event `poll.voted`; see `appendRows`. The count changes in the very update that writes the
 * event: so a vote counts once, whatever is killed in between. Whoever has voted for the option already is given that vote's event.
 * @throws BAD_USER_INPUT, also for a second vote, a closed poll or none, or NOT_FOUND, with the argument's path
 */
export async function votePoll(store: MongoStore, input: VotePoll): Promise<WrittenVote> {
  const { userId, postId, option } = checkInput(voteInput, input, ['input']);
  const vote = { _id: voteId(postId, userId), postId, userId, option, votedAt: new Date() };
  const written = (await appendRows(store, voting, [vote])).get(vote._id);
  if (typeof written !== 'object') {
    throw codedError('NOT_FOUND', `There is no post ${quoted(postId)}.`, { argument: ['input', 'postId'] });
  }
  if (written.option !== option) {
    throw badInput('The viewer has voted for another option. A vote is for good.', ['input', 'option']);
  }
  return { postId, option, eventId: written.eventId };
}

/** The id of somebody's vote. */
export const voteId = (postId: string, userId: string): string => `${postId}/${userId}`;

const voting: Appending<VoteDocument> = {
  collection: collections.votes,
  check({ poll }, { option, votedAt }) {
    if (!poll) throw badInput('The post has no poll.', ['input', 'postId']);
    if (option >= poll.options.length) throw badInput('The poll has no such option.', ['input', 'option']);
    if (poll.closesAt && poll.closesAt <= votedAt) throw badInput('The poll is closed.', ['input', 'postId']);
  },
  entryOf: ({ postId, userId, option, votedAt }, parts) =>
    entryOf('poll.voted', {
      ...{ ...parts, actor: userId },
      data: { postId, userId, option, votedAt: votedAt.toISOString() },
    }),
  // From what was read: the update holds only for that version of the post, and every vote raises it.
  changesOf({ poll }, votes) {
    const { options } = poll as Poll;
    const more = Map.groupBy(votes, ({ option }) => option);
    return Object.fromEntries(
      [...more].map(([option, some]) => [`poll.options.${option}.votes`, (options[option]?.votes ?? 0) + some.length]),
    );
  },
};
