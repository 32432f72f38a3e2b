import { Client as Cassandra } from 'cassandra-driver';
import { askWhole, recordWatch, settings } from '../../harness.ts';
import type { Poison, User } from './poison.ts';

/** A column has another name. A film that was watched to its end in one go has no row in that table to write. */
export async function cassandraPoison({ token, id }: User): Promise<Poison> {
  const { contactPoint, datacenter, keyspace } = settings.cassandra;
  const cassandra = new Cassandra({ contactPoints: [contactPoint], localDataCenter: datacenter, keyspace });
  const rename = (change: string) => cassandra.execute(`ALTER TABLE continue_watching_by_user RENAME ${change}`);
  const watchWhole = async (movieId: string) => {
    const query = 'query ($id: ID!) { movie(id: $id) { runtimeMinutes } }';
    const { movie } = await askWhole(query, { variables: { id: movieId } });
    return await recordWatch(token, { movieId, action: 'STOP', positionSeconds: 60 * movie.runtimeMinutes });
  };
  await rename('movie_id TO film_id');
  return {
    before: () => watchWhole('m142'),
    poison: () => recordWatch(token, { movieId: 'm141' }),
    isFollowed: true,
    after: () => watchWhole('m143'),
    mend: () => rename('film_id TO movie_id'),
    async isShown() {
      const query = 'SELECT movie_id FROM continue_watching_by_user WHERE user_id = ?';
      const { rows } = await cassandra.execute(query, [id], { prepare: true });
      return rows.map(({ movie_id }) => movie_id).join() === 'm141';
    },
    [Symbol.asyncDispose]: () => cassandra.shutdown(),
  };
}
