import { expect, test } from 'vitest';
import type { StreamEvent } from '../../schema/events/index.ts';
import { makeEvent } from '../../schema/events/make.ts';
import { deedOf } from './deeds.ts';

const edge = { followerId: 'u1', followeeId: 'u2', changedAt: '2026-01-01T20:00:00.000Z' };
const followChanged = (follows: boolean, endedBy?: string): StreamEvent => {
  const data = { ...edge, follows, ...(endedBy !== undefined && { endedBy }) };
  const parts = { key: 'u1', subject: 'u1/u2', version: 1, actor: 'u1', data };
  return makeEvent('/streamshop/postgres', 'follow.changed', parts).event as StreamEvent;
};

test('a follow and its end are what the follower did', () => {
  const deed = { userId: 'u1', targetUserId: 'u2', happenedAt: edge.changedAt };
  expect(deedOf(followChanged(true))).toMatchObject({ ...deed, kind: 'FOLLOWED' });
  expect(deedOf(followChanged(false))).toMatchObject({ ...deed, kind: 'UNFOLLOWED' });
});

test('a follow that another has ended is nothing that the follower did', () => {
  expect(deedOf(followChanged(false, 'u2'))).toBeUndefined();
});
