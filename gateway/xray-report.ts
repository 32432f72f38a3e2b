/** `extensions.xray` of an answer: what each store did for one request. All times count from the request's arrival. */
export interface XrayReport {
  /** The trace that an OTLP exporter has the request under, W3C Trace Context; null where none is exported. */
  traceId: string | null;
  /** From the request's arrival until its answer was complete. */
  durationMs: number;
  /** How the request was divided among the subgraphs; null where it never came so far. */
  plan: PlanNode | null;
  /** The store calls, in the order in which they began. */
  calls: XrayCall[];
}

/** A node of the query plan. */
export type PlanNode =
  | {
      /** One after the other, or side by side. */
      kind: 'Sequence' | 'Parallel';
      nodes: PlanNode[];
    }
  | FetchNode
  | {
      /** Only under `@include` or `@skip`. */
      kind: 'Condition';
      /** The variable, without its dollar. */
      variable: string;
      ifTrue: PlanNode | null;
      ifFalse: PlanNode | null;
    };

/** One fetch from one subgraph. */
export interface FetchNode {
  kind: 'Fetch';
  subgraph: string;
  /** Where in the answer it belongs, such as `['movie', 'discussion', 'edges', '@', 'node']`; `@` is each item of a list. Empty at the root. */
  path: string[];
  /** Names the fetch within the report; a call's `fetch` refers to it. */
  name: string;
  /** The subgraph operation, as one can send it. */
  operation: string;
  /** What each entity is looked up by, as a selection set; null at the root. */
  requires: string | null;
  /** How it went; null where it was never made, as when there was no entity to ask for. */
  ran: { startMs: number; durationMs: number; entities: number | null; transport: 'in-process' | 'http' } | null;
}

/** One call of a store. */
export interface XrayCall {
  /** The subgraph that made it; null where the gateway itself did. */
  subgraph: string | null;
  store: string;
  /** The name of the fetch that it was made for first: a batch may serve several. */
  fetch: string | null;
  /** The statement in the store's own language, with placeholders in place of values. */
  statement: string;
  /** What stood in the placeholders. */
  parameters: XrayParameter[];
  /** The statement with its values, to paste into the store's own shell. Only for viewers with the scope `xray`; null else. */
  inShell: string | null;
  /** How many rows, documents, messages, hits or values came back; null where that says nothing. */
  rows: number | null;
  startMs: number;
  durationMs: number;
  /** The batched query and how many distinct keys this call served; null where it was no batch. */
  batch: { query: string; keys: number } | null;
  /** 2 where the first attempt failed and the read was asked once more. */
  attempts: number;
  /** The error's code; null where it went well. */
  error: string | null;
}

export interface XrayParameter {
  /** As the statement names it: `$1`, `:movieId`, `?` … */
  name: string;
  /** Its shape: `string(4)`, `int`, `list(50) of string(4)`. */
  type: string;
  /** Only for viewers with the scope `xray`; absent for everybody else, and for secrets. */
  value?: unknown;
}
