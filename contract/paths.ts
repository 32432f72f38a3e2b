/** Files by their path, relative to the project's root. */
export type Files = ReadonlyMap<string, string>;

/** Where what the contract holds lies, relative to the project's root. */
export const supergraphPath = 'schema/supergraph.graphql';
/** Each subgraph's schema by itself, for Rover and other tools. */
export const subgraphPath = (name: string) => `schema/subgraphs/${name}.graphql`;
/** Rover's configuration. */
export const roverPath = 'supergraph.yaml';
/** What frontends send. */
export const operationsPath = 'schema/operations';
/** How it is planned. */
export const plansPath = 'schema/plans';
/** The event types as they were when they were last extended. */
export const eventsPath = 'schema/events/events.json';
