import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { reportPlayback, settings, until } from '../../harness.ts';
import { publish } from '../../publish.ts';
import type { Poison, User } from './poison.ts';

/** A report from too far in the future waits for its time. */
export function questdbPoison({ token, id: userId }: User): Poison {
  const movieId = `m-${randomUUID()}`;
  const measured = { region: 'eu-west', cdnNode: 'eu-west-1', bufferingCount: 0, averageBitrateKbps: 5_000 };
  // A player's clock may be fast by an hour.
  const measuredAt = new Date(Date.now() + 3_600_000 + 40_000);
  const report = async () => {
    await reportPlayback(token, { movieId });
    return undefined;
  };
  return {
    before: report,
    poison: () =>
      publish('playback.reported', {
        ...{ key: movieId, subject: movieId, version: 1, actor: userId },
        data: { movieId, userId, ...measured, measuredAt: measuredAt.toISOString() },
      }),
    isFollowed: false,
    after: report,
    mend: () => until('its time has come', async () => Date.now() > measuredAt.getTime() - 3_600_000, 60_000),
    async isShown() {
      const client = new pg.Client(settings.questdb.url);
      await client.connect();
      const { rows } = await client.query(`SELECT event_id FROM streaming_metrics WHERE user_id = '${userId}'`);
      await client.end();
      return rows.length === 3;
    },
    async [Symbol.asyncDispose]() {},
  };
}
