import { z } from 'zod';
import type { XrayCall } from './xray-report.ts';

/** A fetch makes some dozens. */
const mostCalls = 1_000;
/** A subgraph of ours cuts values (`xray-shape.ts`). */
const longestValue = 10_000;

/** Whether the value can be told again: JSON that is nested deeply can be read, but not written. */
function isWritable(value: unknown): boolean {
  try {
    return (JSON.stringify(value) ?? '').length <= longestValue;
  } catch {
    return false;
  }
}

const callSchema: z.ZodType<XrayCall> = z.object({
  subgraph: z.string().nullable(),
  store: z.string(),
  fetch: z.string().nullable(),
  statement: z.string(),
  parameters: z.array(
    z.object({ name: z.string(), type: z.string(), value: z.unknown().refine(isWritable).optional() }),
  ),
  inShell: z.string().nullable(),
  rows: z.number().nullable(),
  startMs: z.number(),
  durationMs: z.number(),
  batch: z.object({ query: z.string(), keys: z.number() }).nullable(),
  attempts: z.number(),
  error: z.string().nullable(),
});
const extensionsSchema = z.object({ xray: z.object({ calls: z.array(callSchema).max(mostCalls) }) });

/** The store calls that a subgraph tells in its answer's extensions; none where they are not what they should be. */
export const remoteCalls = (extensions: unknown): XrayCall[] =>
  extensionsSchema.safeParse(extensions).data?.xray.calls ?? [];
