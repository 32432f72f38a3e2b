import * as z from 'zod';
import { codedError } from '../../../gateway/errors.ts';
import { type ArgumentPath, badInput, checkInput, idText } from '../../../gateway/input.ts';
import { makeEvent } from '../outbox.ts';
import type { PostgresStore } from '../store.ts';
import { blocksAmong } from './blocks.ts';
import { changeEdges, type EdgeChange, type EdgeKind, type EdgeState } from './edges.ts';
import { pastInstant } from './instant.ts';
import { checkUsers, type NamedUser } from './users.ts';

const followInput = z.object({
  followerId: idText,
  followeeId: idText,
  follows: z.boolean(),
  changedAt: pastInstant.nullish(),
});

/** Who follows whom from now on, or no longer; `changedAt` is now, if left out. */
export type FollowInput = z.input<typeof followInput>;

/** How two users stand to each other after a call, whether it has changed anything or not. */
export interface FollowState {
  followerId: string;
  followeeId: string;
  follows: boolean;
  /** The event that made it so; null where the one has never followed the other. */
  eventId: string | null;
}

interface FollowChange extends EdgeChange {
  followee: NamedUser;
  /** Who ends it, where that is not the follower. */
  endedBy?: string;
}

/** Changes one edge of the viewer's, who is `followerId`; see `changeFollows`. Its arguments' paths begin with `input`. */
export async function changeFollow(
  store: PostgresStore,
  { followerId, userId, follows }: { followerId: string; userId: string; follows: boolean },
): Promise<FollowState> {
  const path = ['input', 'userId'];
  const followee = { userId: checkInput(idText, userId, path), path };
  const change = followOf({ actor: { userId: followerId }, followee, isOn: follows, changedAt: null });
  const [state] = await changeEdges(store, followEdge, [change]);
  return answer(change, state);
}

/**
 * Puts follows as given, in their order, each change with its event `follow.changed`. What is so already is left alone and
 * answered with the event that made it so; so is an edge that has changed after the `changedAt` given: a load that is
 * repeated writes nothing, and takes nothing back that somebody has decided since. More than a thousand go in several
 * transactions.
 * @throws BAD_USER_INPUT, also for following oneself, NOT_FOUND, or FORBIDDEN for a follow that would begin where one blocks
 * the other, with the argument's path; the transaction that it concerns has then written nothing
 */
export async function changeFollows(store: PostgresStore, inputs: readonly FollowInput[]): Promise<FollowState[]> {
  const changes = inputs.map((input, index) => {
    const path = ['follows', index];
    const { followerId, followeeId, follows, changedAt = null } = checkInput(followInput, input, path);
    const actor = { userId: followerId, path: [...path, 'followerId'] };
    const followee = { userId: followeeId, path: [...path, 'followeeId'] };
    return followOf({ actor, followee, isOn: follows, changedAt });
  });
  const states = await changeEdges(store, followEdge, changes);
  return changes.map((change, index) => answer(change, states[index]));
}

export function followOf(change: Omit<FollowChange, 'subject'>): FollowChange {
  const { actor, followee } = change;
  if (actor.userId === followee.userId) throw badInput('Nobody can follow themselves.', followee.path as ArgumentPath);
  return { ...change, subject: `${actor.userId}/${followee.userId}` };
}

const answer = ({ actor, followee }: FollowChange, state: EdgeState | undefined): FollowState => ({
  followerId: actor.userId,
  followeeId: followee.userId,
  follows: state?.isOn ?? false,
  eventId: state?.eventId ?? null,
});

/** Follows, as `changeEdges` writes them. */
export const followEdge: EdgeKind<FollowChange> = {
  async checkTargets(tx, changes) {
    await checkUsers(
      tx,
      changes.map(({ followee }) => followee),
    );
  },

  async checkChanges(tx, changes) {
    const begun = changes.filter(({ isOn }) => isOn);
    const blocked = await blocksAmong(
      tx,
      begun.map(({ actor, followee }) => [actor.userId, followee.userId]),
    );
    const refused = begun.find(({ subject }) => blocked.has(subject));
    if (refused) {
      const { followee } = refused;
      throw codedError('FORBIDDEN', 'One of the two blocks the other.', { argument: followee.path });
    }
  },

  async read(tx, changes) {
    const pairs = changes.map(({ actor, followee }) => ({ followerId: actor.userId, followeeId: followee.userId }));
    const rows = await tx.$queryRaw<({ subject: string } & EdgeState)[]>`
      SELECT follower_id || '/' || followee_id AS subject, follows AS "isOn", version, changed_at AS "changedAt",
             event_id AS "eventId"
      FROM jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) AS pair ("followerId" text, "followeeId" text)
      JOIN follow ON follower_id = "followerId" AND followee_id = "followeeId"`;
    return new Map(rows.map(({ subject, ...state }) => [subject, state]));
  },

  eventOf({ subject, actor, followee, endedBy }, { isOn, version, changedAt }) {
    const data = {
      ...{ followerId: actor.userId, followeeId: followee.userId },
      ...{ follows: isOn, changedAt: changedAt.toISOString() },
      ...(endedBy !== undefined && { endedBy }),
    };
    // The follower's, whoever ended it: `unfollow` answers with it, and only its actor can wait for an event.
    return makeEvent('follow.changed', { key: actor.userId, subject, version, actor: actor.userId, data });
  },

  async write(tx, edges) {
    const rows = edges.map(({ actor, followee, isOn, version, changedAt, eventId }) => ({
      ...{ followerId: actor.userId, followeeId: followee.userId, isOn, version, changedAt, eventId },
    }));
    await tx.$executeRaw`
      INSERT INTO follow (follower_id, followee_id, follows, version, changed_at, event_id)
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS edge
        ("followerId" text, "followeeId" text, "isOn" boolean, version int, "changedAt" timestamptz, "eventId" uuid)
      ON CONFLICT (follower_id, followee_id) DO UPDATE SET
        (follows, version, changed_at, event_id) =
        (excluded.follows, excluded.version, excluded.changed_at, excluded.event_id)`;
  },
};
