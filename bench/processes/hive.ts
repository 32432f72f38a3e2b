import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kind, parse, print, visit } from 'graphql';
import type { Viewer } from '../../gateway/request.ts';
import { readSupergraphForGateway } from '../../gateway/supergraph.ts';
import { openSigning, type SubgraphUrls, subgraphUrls } from '../peers/signed.ts';
import { answerUnderTest } from './under-test.ts';

/** What is used here of @graphql-hive/gateway, which is installed apart; see `peers/`. */
interface HiveGateway {
  createGatewayRuntime(config: {
    supergraph: string;
    logging: boolean;
    propagateHeaders: { fromClientToSubgraphs(client: { request: Request }): Record<string, string> };
    plugins(): {
      onFetch(payload: Fetching): Promise<void>;
    }[];
  }): RequestListener;
}

interface Fetching {
  url: string;
  options: { body?: string; headers?: Record<string, string> };
  setOptions(options: object): void;
  context: { request: Request };
}

/** Hive Gateway by its programmatic interface in Node's own HTTP server; all that is added is the signature. */
const urls = subgraphUrls();
const nameOf = new Map(Object.entries(urls).map(([name, url]) => [url, name]));
const { viewerOf, authorization } = openSigning();
const viewers = new WeakMap<Request, Promise<Viewer | null>>();

function viewerOnce(request: Request): Promise<Viewer | null> {
  const viewer = viewers.get(request) ?? viewerOf(request.headers.get('authorization'));
  viewers.set(request, viewer);
  return viewer;
}

const require = createRequire(join(process.env.BENCH_PEERS ?? '', 'package.json'));
const packageFolder = join(require.resolve('@graphql-hive/gateway'), '..');
const { createGatewayRuntime }: HiveGateway = await import(pathToFileURL(join(packageFolder, 'index.js')).href);

const gateway = createGatewayRuntime({
  supergraph: supergraphAt(urls),
  logging: false,
  // What identical fetches on their way at once are told apart by: without it, one viewer would get another's answer.
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') ?? '' }),
  },
  plugins: () => [
    {
      async onFetch({ url, options, setOptions, context }) {
        const header = await authorization(
          nameOf.get(url) ?? '',
          options.body ?? '',
          await viewerOnce(context.request),
        );
        setOptions({ ...options, headers: { ...options.headers, authorization: header } });
      },
    },
  ],
});

/** The supergraph with the addresses of these subgraphs. */
function supergraphAt(urls: SubgraphUrls): string {
  const document = visit(parse(readSupergraphForGateway()), {
    Directive: (directive) => {
      if (directive.name.value !== 'join__graph') return undefined;
      const texts = new Map(
        directive.arguments?.map(({ name, value }) => [name.value, value.kind === Kind.STRING ? value.value : '']),
      );
      const url = urls[texts.get('name') ?? ''] ?? '';
      return visit(directive, {
        Argument: ({ name, value }) =>
          name.value === 'url'
            ? { kind: Kind.ARGUMENT, name, value: { ...value, kind: Kind.STRING, value: url } }
            : undefined,
      });
    },
  });
  return print(document);
}

const server = createServer(gateway).listen(0, '127.0.0.1');
await once(server, 'listening');
answerUnderTest({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` });
