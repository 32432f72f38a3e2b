import * as z from 'zod';
import { type ArgumentPath, checkInput, filledText, idText } from '../../../gateway/input.ts';
import { type LikeKind, likeKinds } from '../../../schema/events/social.ts';
import { makeEvent } from '../outbox.ts';
import type { PostgresStore, Transaction } from '../store.ts';
import { changeEdges, type EdgeChange, type EdgeKind, type EdgeState } from './edges.ts';
import { pastInstant } from './instant.ts';
import { missing } from './users.ts';

const likeInput = z.object({
  userId: idText,
  kind: z.enum(likeKinds),
  targetId: z.string(),
  likes: z.boolean(),
  changedAt: pastInstant.nullish(),
});

/** What a user likes from now on, or no longer; `changedAt` is now, if left out. */
export type LikeInput = z.input<typeof likeInput>;

/** How a user stands to something after a call, whether it has changed anything or not. */
export interface LikeState {
  userId: string;
  kind: LikeKind;
  targetId: string;
  likes: boolean;
  /** The event that made it so; null where the user has never liked it. */
  eventId: string | null;
}

interface LikeChange extends EdgeChange {
  kind: LikeKind;
  targetId: string;
  /** The argument that named the target. */
  targetPath: ArgumentPath;
}

/** Changes one like of the viewer's, who is `userId`; see `changeLikes`. Its arguments' paths begin with `input`. */
export async function changeLike(store: PostgresStore, input: Omit<LikeInput, 'changedAt'>): Promise<LikeState> {
  const change = changeOf(input, { path: ['input'], actor: { userId: input.userId } });
  const [state] = await changeEdges(store, edge, [change]);
  return answer(change, state);
}

/**
 * Puts likes as given, in their order, each change with its event `like.changed`. As with `changeFollows`, what is so
 * already is left alone, and so is what has changed after the `changedAt` given.
 *
 * Of a post only the form of the id is checked: MongoDB owns the posts, and no store asks another. A like of a post that is
 * not there does no harm. Ids of posts are not given twice, so it never becomes the like of another; and nobody meets it,
 * since a post that MongoDB does not know is NOT_FOUND with all that other stores say of it.
 * @throws BAD_USER_INPUT or NOT_FOUND with the argument's path; the transaction that it concerns has then written nothing
 */
export async function changeLikes(store: PostgresStore, inputs: readonly LikeInput[]): Promise<LikeState[]> {
  const changes = inputs.map((input, index) => {
    const path = ['likes', index];
    return changeOf(input, { path, actor: { userId: input.userId, path: [...path, 'userId'] } });
  });
  const states = await changeEdges(store, edge, changes);
  return changes.map((change, index) => answer(change, states[index]));
}

function changeOf(input: LikeInput, { path, actor }: { path: ArgumentPath; actor: LikeChange['actor'] }): LikeChange {
  const { userId, kind, likes, changedAt = null, ...given } = checkInput(likeInput, input, path);
  const targetPath = [...path, 'targetId'];
  const targetId = checkInput(kind === 'TAG' ? tag : idText, given.targetId, targetPath);
  return { subject: `${userId}/${kind}/${targetId}`, actor, isOn: likes, changedAt, kind, targetId, targetPath };
}

/** The case is kept: `Heist` and `heist` are two tags. */
const tag = filledText(100);

const answer = ({ actor: { userId }, kind, targetId }: LikeChange, state: EdgeState | undefined): LikeState => ({
  ...{ userId, kind, targetId },
  likes: state?.isOn ?? false,
  eventId: state?.eventId ?? null,
});

/** @throws NOT_FOUND for the first movie that the catalogue lacks */
async function checkMovies(tx: Transaction, changes: readonly LikeChange[]): Promise<void> {
  const ofMovies = changes.filter(({ kind }) => kind === 'MOVIE');
  if (ofMovies.length === 0) return;
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM movies WHERE id = ANY(${ofMovies.map(({ targetId }) => targetId)})`;
  const known = new Set(rows.map(({ id }) => id));
  const unknown = ofMovies.find(({ targetId }) => !known.has(targetId));
  if (unknown) throw missing('movie', unknown.targetId, unknown.targetPath);
}

const edge: EdgeKind<LikeChange> = {
  checkTargets: checkMovies,

  async read(tx, changes) {
    const keys = changes.map(({ actor: { userId }, kind, targetId }) => ({ userId, kind, targetId }));
    const rows = await tx.$queryRaw<({ subject: string } & EdgeState)[]>`
      SELECT user_id || '/' || user_like.kind || '/' || target_id AS subject, likes AS "isOn", version,
             changed_at AS "changedAt", event_id AS "eventId"
      FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS given ("userId" text, kind text, "targetId" text)
      JOIN user_like ON user_id = "userId" AND user_like.kind = given.kind AND target_id = "targetId"`;
    return new Map(rows.map(({ subject, ...state }) => [subject, state]));
  },

  eventOf({ subject, actor: { userId }, kind, targetId }, { isOn, version, changedAt }) {
    const data = { userId, kind, targetId, likes: isOn, changedAt: changedAt.toISOString() };
    return makeEvent('like.changed', { key: userId, subject, version, actor: userId, data });
  },

  async write(tx, edges) {
    const rows = edges.map(({ actor: { userId }, kind, targetId, isOn, version, changedAt, eventId }) => ({
      ...{ userId, kind, targetId, isOn, version, changedAt, eventId },
    }));
    await tx.$executeRaw`
      INSERT INTO user_like (user_id, kind, target_id, likes, version, changed_at, event_id)
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS edge
        ("userId" text, kind text, "targetId" text, "isOn" boolean, version int, "changedAt" timestamptz, "eventId" uuid)
      ON CONFLICT (user_id, kind, target_id) DO UPDATE SET
        (likes, version, changed_at, event_id) =
        (excluded.likes, excluded.version, excluded.changed_at, excluded.event_id)`;
  },
};
