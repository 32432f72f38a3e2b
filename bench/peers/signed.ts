import { randomUUID } from 'node:crypto';
import { readSettings } from '../../config.ts';
import { createPassSigner } from '../../gateway/gateway-pass.ts';
import type { Viewer } from '../../gateway/request.ts';
import { sessionKeyOf } from '../../gateway/sessions.ts';
import { subgraphSecret } from '../../gateway/subgraph-secret.ts';
import { redisSessions } from '../../subgraphs/redis/sessions.ts';
import { openRedis } from '../../subgraphs/redis/store.ts';

/** Where each subgraph listens, by name. */
export type SubgraphUrls = Readonly<Record<string, string>>;

/** The subgraphs that the environment names. */
export const subgraphUrls = (): SubgraphUrls => Object.fromEntries(readSettings().subgraphs.urls);

/**
 * What any gateway must do to be served by StreamShop's subgraphs: look up who asks, and sign each fetch. Both are done with the
 * very functions of StreamShop's own gateway.
 */
export function openSigning() {
  const settings = readSettings();
  const sessions = redisSessions(openRedis(settings.redis));
  const secret = subgraphSecret(settings);
  const signers = new Map(
    [...settings.subgraphs.urls.keys()].map((name) => [name, createPassSigner(secret, name)] as const),
  );
  const budgetMs = settings.gateway.requestTimeoutMs;
  return {
    /** The viewer of a request, to be looked up once; null for a visitor. */
    viewerOf: async (authorization: string | null | undefined): Promise<Viewer | null> => {
      const token = authorization?.replace('Bearer ', '');
      return token ? await sessions.find(sessionKeyOf(token)) : null;
    },
    /** The header that a fetch of a query needs. */
    authorization: async (subgraph: string, body: string, viewer: Viewer | null): Promise<string> => {
      const facts = { requestId: randomUUID(), viewerError: null, sessionKey: null, budgetMs, isRead: true };
      const pass = await signers.get(subgraph)?.({ ...facts, viewer, mustBeFresh: false, xray: 'none' }, body);
      return `Bearer ${pass}`;
    },
  };
}
