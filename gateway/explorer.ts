import { access } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/**
 * The page may load and ask nothing but its own origin. Monaco and the dialogs write `<style>` elements, and fonts and
 * small pictures stand as `data:` in GraphiQL's stylesheet; scripts, workers and connections have no such exception.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves the built explorer at `/explorer/`. It may be built, or built anew, while the gateway runs.
 * @param folder where `buildExplorer` put it; while it is not there, the answer is 503 with a sentence that says what to do
 */
export async function serveExplorer(http: FastifyInstance, folder: string): Promise<void> {
  await http.register(async (scope) => {
    scope.addHook('onRequest', async (_, reply) => {
      reply.headers({
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
    });
    scope.addHook('preHandler', async (_, reply) => {
      const isBuilt = await access(join(folder, 'index.html')).then(
        () => true,
        () => false,
      );
      if (!isBuilt) {
        await reply.code(503).header('retry-after', '30').type('text/plain; charset=utf-8').send(notBuilt);
      }
    });
    scope.get('/explorer', (_, reply) => reply.redirect('/explorer/'));
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/explorer/',
      // Files under assets/ have the hash of their content in their name: what a name means never changes.
      setHeaders: (reply, path) => {
        const isHashed = path.startsWith(join(folder, 'assets'));
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
      cacheControl: false,
    });
  });
}

const notBuilt = 'The explorer is not built. Run npm start, which builds it; the graph itself answers at /graphql.\n';
