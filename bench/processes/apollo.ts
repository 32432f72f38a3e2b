import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { Viewer } from '../../gateway/request.ts';
import { readSupergraphForGateway } from '../../gateway/supergraph.ts';
import { openSigning, subgraphUrls } from '../peers/signed.ts';
import { answerUnderTest } from './under-test.ts';

/** @apollo/gateway in Apollo Server's own HTTP server, as its documentation has it; all that is added is the signature. */
interface Context {
  viewer?: Promise<Viewer | null>;
}

const { viewerOf, authorization } = openSigning();
const urls = subgraphUrls();

class SignedDataSource extends RemoteGraphQLDataSource<Context> {
  readonly name: string;

  constructor(name: string, url: string | undefined) {
    super({ url });
    this.name = name;
  }

  override async willSendRequest({
    request,
    context,
  }: Parameters<Required<RemoteGraphQLDataSource<Context>>['willSendRequest']>[0]) {
    // Just as `sendRequest` writes it.
    const { query, http, ...others } = request;
    const body = JSON.stringify({ query, ...others });
    http?.headers.set('authorization', await authorization(this.name, body, (await context.viewer) ?? null));
  }
}

const server = new ApolloServer<Context>({
  gateway: new ApolloGateway({
    supergraphSdl: readSupergraphForGateway(),
    buildService: ({ name }) => new SignedDataSource(name, urls[name]),
  }),
});
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: async ({ req }) => ({ viewer: viewerOf(req.headers.authorization) }),
});
answerUnderTest({ url });
