import { isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { composeSupergraph } from '../gateway/supergraph.ts';
import { apiSchemaOf, readSupergraph } from './api.ts';
import { roomsOf } from './testing.ts';

test('clients see what is guarded, and nothing of what is inaccessible', () => {
  const supergraphSdl = composeSupergraph(
    roomsOf({
      kafka: `type Query { event: Event @authenticated lag: Int @requiresScopes(scopes: [["analytics"]]) }
        type Event @key(fields: "id") { id: ID! }`,
      postgres: `type Event @key(fields: "id") { id: ID! place: Place @inaccessible }
        type Place @inaccessible { offset: String }`,
    }),
  );
  const schema = apiSchemaOf(readSupergraph(supergraphSdl));
  expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual(['event', 'lag']);
  expect(Object.keys(schema.getTypeMap())).not.toContain('Place');
  const event = schema.getType('Event');
  expect(isObjectType(event) && Object.keys(event.getFields())).toEqual(['id']);
});
