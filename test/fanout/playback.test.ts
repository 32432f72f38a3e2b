import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { askWhole, newUser, reportPlayback, until } from '../harness.ts';

const qualityOf = async (movieId: string, lastMinutes: number) => {
  const query = `query ($id: ID!, $last: Int!) { movie(id: $id) {
    playbackQuality(lastMinutes: $last) { startsAt bucketSeconds reports bufferingCountAverage averageBitrateKbps } } }`;
  const { movie } = await askWhole(query, { variables: { id: movieId, last: lastMinutes } });
  return movie.playbackQuality;
};

test('reports reach the page by the minute and by the hour; a repeated one counts once, with its last values', async () => {
  const user = await newUser();
  const movieId = `m-${randomUUID()}`;
  const hour = new Date(new Date().setUTCMinutes(0, 0, 0) - 2 * 3_600_000);
  const at = (seconds: number) => new Date(hour.getTime() + seconds * 1_000).toISOString();
  await reportPlayback(user.token, { movieId, measuredAt: at(10), averageBitrateKbps: 1_000 });
  await reportPlayback(user.token, { movieId, measuredAt: at(20), averageBitrateKbps: 3_000, bufferingCount: 2 });
  await reportPlayback(user.token, { movieId, measuredAt: at(70), averageBitrateKbps: 9_000 });
  await reportPlayback(user.token, { movieId, measuredAt: at(70), averageBitrateKbps: 5_000, bufferingCount: 1 });

  const wanted = { startsAt: hour.toISOString(), bucketSeconds: 60 };
  const next = { startsAt: at(60), bucketSeconds: 60 };
  await until('the minutes are right', async () => {
    expect(await qualityOf(movieId, 240)).toEqual([
      { ...wanted, reports: 2, bufferingCountAverage: 1, averageBitrateKbps: 2_000 },
      { ...next, reports: 1, bufferingCountAverage: 1, averageBitrateKbps: 5_000 },
    ]);
    return true;
  });
  await until('the hour is right', async () => {
    expect(await qualityOf(movieId, 3 * 24 * 60)).toEqual([
      { ...wanted, bucketSeconds: 3_600, reports: 3, bufferingCountAverage: 1, averageBitrateKbps: 3_000 },
    ]);
    return true;
  });
});
