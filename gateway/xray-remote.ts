import { z } from 'zod';
import type { XrayCall } from './xray-report.ts';

const callSchema: z.ZodType<XrayCall> = z.object({
  subgraph: z.string().nullable(),
  store: z.string(),
  fetch: z.string().nullable(),
  statement: z.string(),
  parameters: z.array(z.object({ name: z.string(), type: z.string(), value: z.unknown().optional() })),
  inShell: z.string().nullable(),
  rows: z.number().nullable(),
  startMs: z.number(),
  durationMs: z.number(),
  batch: z.object({ query: z.string(), keys: z.number() }).nullable(),
  attempts: z.number(),
  error: z.string().nullable(),
});
const extensionsSchema = z.object({ xray: z.object({ calls: z.array(callSchema) }) });

/** The store calls that a subgraph tells in its answer's extensions; none where they are not what they should be. */
export const remoteCalls = (extensions: unknown): XrayCall[] =>
  extensionsSchema.safeParse(extensions).data?.xray.calls ?? [];
