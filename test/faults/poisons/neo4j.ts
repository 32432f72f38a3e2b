import neo4j from 'neo4j-driver';
import { bob, follow, settings } from '../../harness.ts';
import { publish } from '../../publish.ts';
import type { Poison, User } from './poison.ts';

/** A datetime in Neo4j has at most nine digits behind the second. The edge moves on, and the poison is outdated. */
export function neo4jPoison({ token, id }: User): Poison {
  const driver = neo4j.driver(settings.neo4j.url);
  const change = (mutation: 'follow' | 'unfollow') => follow(token, bob.id, { mutation });
  return {
    before: () => change('follow'),
    poison: () =>
      publish('follow.changed', {
        ...{ key: id, subject: `${id}/${bob.id}`, version: 3, actor: id },
        data: {
          ...{ followerId: id, followeeId: bob.id, follows: true },
          changedAt: new Date().toISOString().replace('Z', '000000001Z'),
        },
      }),
    isFollowed: false,
    after: () => change('unfollow'),
    async mend() {
      await change('follow');
      await change('unfollow');
    },
    async isShown() {
      const query = 'MATCH (:User {id: $id})-[edge]->(:User) RETURN type(edge) AS type, edge.version AS version';
      const { records } = await driver.executeQuery(query, { id });
      return records.map((record) => `${record.get('type')} ${record.get('version')}`).join() === 'UNFOLLOWED 4';
    },
    [Symbol.asyncDispose]: () => driver.close(),
  };
}
