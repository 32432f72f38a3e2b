/** Files by their path, relative to the project's root. */
export type Files = ReadonlyMap<string, string>;

/** Where what the contract holds lies, relative to the project's root. */
export const supergraphPath = 'schema/supergraph.graphql';
/** What a room's schema is written in. */
export const roomSchemaPath = (name: string) => `subgraphs/${name}/schema.graphql`;
/** The schema of a room that makes its own from what is written. */
export const madeSchemaPath = (name: string) => `schema/subgraphs/${name}.graphql`;
/** Rover's configuration. */
export const roverPath = 'supergraph.yaml';
/** What frontends send. */
export const operationsPath = 'schema/operations';
export const operationsGlob = `${operationsPath}/**/*.graphql`;
/** How it is planned. */
export const plansPath = 'schema/plans';
/** The event types as they were when they were last extended. */
export const eventsPath = 'schema/events/events.json';
