import { badInput, checkInput, idText } from '../../../gateway/input.ts';
import { makeEvent } from '../outbox.ts';
import type { PostgresStore } from '../store.ts';
import { followEdge, followOf } from './change-follows.ts';
import { changeLocked, type EdgeChange, type EdgeKind, type EdgeState } from './edges.ts';
import { lockUsers, type NamedUser } from './users.ts';

/** More would make every page of the user's slower, which leaves all of them out. */
const mostBlocks = 1_000;

/** How two users stand to each other after a call, whether it has changed anything or not. */
export interface BlockState {
  blockerId: string;
  blockedId: string;
  blocks: boolean;
  /** The event that made it so; null where the one has never blocked the other. */
  eventId: string | null;
}

interface BlockChange extends EdgeChange {
  blocked: Required<NamedUser>;
}

/**
 * Blocks somebody, or no longer, with the event `block.changed`. A block ends the follows between the two, each with its
 * `follow.changed`, in the same transaction; that both users are locked keeps new ones from being begun meanwhile.
 * @throws BAD_USER_INPUT, also for blocking oneself or more than a thousand, or NOT_FOUND, with the argument's path
 */
export async function changeBlock(
  store: PostgresStore,
  { blockerId, userId, blocks }: { blockerId: string; userId: string; blocks: boolean },
): Promise<BlockState> {
  const path = ['input', 'userId'];
  const actor = { userId: blockerId };
  const blocked = { userId: checkInput(idText, userId, path), path };
  if (blockerId === blocked.userId) throw badInput('Nobody can block themselves.', path);
  const change = { subject: `${blockerId}/${blocked.userId}`, actor, blocked, isOn: blocks, changedAt: null };
  const state = await store.transaction('change a block', async (tx) => {
    await lockUsers(tx, [actor, blocked]);
    const [after] = await changeLocked(tx, blockEdge, [change]);
    if (blocks) {
      const ended = { isOn: false, changedAt: null };
      const follows = [
        followOf({ actor, followee: blocked, ...ended }),
        followOf({ actor: blocked, followee: { ...actor, path }, endedBy: blockerId, ...ended }),
      ];
      await changeLocked(tx, followEdge, follows);
    }
    return after;
  });
  return { blockerId, blockedId: blocked.userId, blocks: state?.isOn ?? false, eventId: state?.eventId ?? null };
}

const blockEdge: EdgeKind<BlockChange> = {
  async checkChanges(tx, changes) {
    for (const { actor, blocked, isOn } of changes) {
      if (!isOn) continue;
      const [row] = await tx.$queryRaw<{ others: number }[]>`
        SELECT count(*)::int AS others FROM block
        WHERE blocker_id = ${actor.userId} AND blocks AND blocked_id <> ${blocked.userId}`;
      if (row && row.others >= mostBlocks)
        throw badInput(`Nobody can block more than ${mostBlocks} others.`, blocked.path);
    }
  },

  async read(tx, changes) {
    const pairs = changes.map(({ actor, blocked }) => ({ blockerId: actor.userId, blockedId: blocked.userId }));
    const rows = await tx.$queryRaw<({ subject: string } & EdgeState)[]>`
      SELECT blocker_id || '/' || blocked_id AS subject, blocks AS "isOn", version, changed_at AS "changedAt",
             event_id AS "eventId"
      FROM jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) AS pair ("blockerId" text, "blockedId" text)
      JOIN block ON blocker_id = "blockerId" AND blocked_id = "blockedId"`;
    return new Map(rows.map(({ subject, ...state }) => [subject, state]));
  },

  eventOf({ subject, actor, blocked }, { isOn, version, changedAt }) {
    const data = {
      ...{ blockerId: actor.userId, blockedId: blocked.userId },
      ...{ blocks: isOn, changedAt: changedAt.toISOString() },
    };
    return makeEvent('block.changed', { key: actor.userId, subject, version, actor: actor.userId, data });
  },

  async write(tx, edges) {
    const rows = edges.map(({ actor, blocked, isOn, version, changedAt, eventId }) => ({
      ...{ blockerId: actor.userId, blockedId: blocked.userId, isOn, version, changedAt, eventId },
    }));
    await tx.$executeRaw`
      INSERT INTO block (blocker_id, blocked_id, blocks, version, changed_at, event_id)
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS edge
        ("blockerId" text, "blockedId" text, "isOn" boolean, version int, "changedAt" timestamptz, "eventId" uuid)
      ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET
        (blocks, version, changed_at, event_id) =
        (excluded.blocks, excluded.version, excluded.changed_at, excluded.event_id)`;
  },
};
