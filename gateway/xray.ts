import type { QueryPlan } from '@apollo/query-planner';
import { codeOf } from './errors.ts';
import { currentOrigin, fetchKey } from './request.ts';
import { type StoreCall, storeCalls } from './seam.ts';
import { planTree } from './xray-plan.ts';
import type { FetchNode, XrayCall, XrayReport } from './xray-report.ts';
import { parametersOf } from './xray-shape.ts';

/** Records what the stores do for one request. */
export interface Xray {
  /** Milliseconds since the request arrived. */
  nowMs(): number;
  notePlan(plan: QueryPlan): void;
  /** A fetch has ended. */
  noteFetch(fetch: RanFetch): void;
  /** A subgraph behind HTTP tells the store calls that it made for the fetch which is under way. */
  noteRemote(calls: readonly XrayCall[], askedAtMs: number): void;
  /** A call of a store of this process begins; to be ended with the function that it gives. */
  beginCall(call: StoreCall): () => void;
  /** All that was recorded up to now. */
  report(options: { mayShowValues: boolean; traceId: string | null }): XrayReport;
}

export interface RanFetch extends NonNullable<FetchNode['ran']> {
  /** Its `fetchKey`. */
  key: string;
}

interface Recorded {
  call: StoreCall;
  startMs: number;
  endMs: number | null;
}

/** Begins to record. */
export function startXray(): Xray {
  const arrivedAt = performance.now();
  const nowMs = () => performance.now() - arrivedAt;
  let plan: QueryPlan | undefined;
  const fetches = new Map<string, RanFetch[]>();
  const recorded: Recorded[] = [];
  const remote: XrayCall[] = [];

  return {
    nowMs,
    notePlan: (made) => {
      plan = made;
    },
    noteFetch: (fetch) => {
      const others = fetches.get(fetch.key);
      if (others) others.push(fetch);
      else fetches.set(fetch.key, [fetch]);
    },
    noteRemote: (calls, askedAtMs) => {
      const fetch = currentOrigin()?.fetch ?? null;
      for (const call of calls) remote.push({ ...call, fetch, startMs: rounded(call.startMs + askedAtMs) });
    },
    beginCall: (call) => {
      const own: Recorded = { call, startMs: nowMs(), endMs: null };
      recorded.push(own);
      return () => {
        own.endMs = nowMs();
      };
    },
    report: ({ mayShowValues, traceId }) => {
      const durationMs = nowMs();
      const names = new Map<string, string>();
      const tree =
        plan &&
        planTree(plan, (fetch) => {
          const key = fetchKey(fetch);
          names.set(key, fetch.name);
          return ranOf(fetches.get(key)?.shift());
        });
      const told = ({ call, startMs, endMs }: Recorded) => ({
        ...describe(call, mayShowValues),
        fetch: names.get(call.origin?.fetch ?? '') ?? null,
        startMs: rounded(startMs),
        durationMs: rounded((endMs ?? durationMs) - startMs),
      });
      return {
        traceId,
        durationMs: rounded(durationMs),
        plan: tree ?? null,
        calls: [
          ...recorded.map(told),
          ...remote.map((call) => ({ ...call, fetch: names.get(call.fetch ?? '') ?? null })),
        ].sort((a, b) => a.startMs - b.startMs),
      };
    },
  };
}

function ranOf(fetch: RanFetch | undefined): FetchNode['ran'] {
  if (!fetch) return null;
  const { key: _told, ...ran } = fetch;
  return { ...ran, startMs: rounded(ran.startMs), durationMs: rounded(ran.durationMs) };
}

function describe(call: StoreCall, mayShowValues: boolean): Omit<XrayCall, 'startMs' | 'durationMs' | 'fetch'> {
  const { store, statement, parameters, origin, attempts, error, inShell } = call;
  return {
    subgraph: origin?.subgraph ?? null,
    store,
    statement,
    parameters: parametersOf(parameters, mayShowValues),
    inShell: mayShowValues ? (inShell?.(statement, parameters) ?? statement) : null,
    rows: rowsOf(call),
    batch: origin?.batch ?? null,
    attempts,
    error: error === undefined ? null : (codeOf(error) ?? 'INTERNAL_SERVER_ERROR'),
  };
}

/** How many rows a call gave back; null where that says nothing. */
export function rowsOf({ result, rowsOf }: StoreCall): number | null {
  if (result === undefined || result === null) return null;
  if (!rowsOf) return Array.isArray(result) ? result.length : null;
  try {
    return rowsOf(result);
  } catch {
    // An answer of an unforeseen form. Who only looks on must not break what it looks at.
    return null;
  }
}

/** Microseconds are as fine as the clock is worth. */
const rounded = (ms: number) => Math.round(ms * 1_000) / 1_000;

const ends = new WeakMap<StoreCall, () => void>();

let isObserving = false;

/** Leads the store calls of this process to the X-rays of their requests. */
export function observeForXray(): void {
  if (isObserving) return;
  isObserving = true;
  storeCalls.start.subscribe(onStart);
  storeCalls.asyncEnd.subscribe(onEnd);
}

const onStart = (message: unknown) => {
  const call = message as StoreCall;
  const xray = call.origin?.request.xray;
  if (xray) ends.set(call, xray.beginCall(call));
};
const onEnd = (message: unknown) => ends.get(message as StoreCall)?.();
