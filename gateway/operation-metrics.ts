import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import { Kind, parse } from 'graphql';
import { Counter, Histogram } from 'prom-client';
import { root } from '../config.ts';
import { operationsGlob } from '../contract/paths.ts';
import { errorCodes } from './errors.ts';
import type { GatewayContext } from './plugins.ts';
import { durationBuckets, registry } from './registry.ts';

/**
 * How an operation ended: with all it asked for, without some of it, without anything, or not begun because the request
 * itself is wrong (GraphQL specification, "Response Format": an answer to a request error has no entry `data`).
 */
type Outcome = 'ok' | 'partial' | 'failed' | 'refused';

const durations = new Histogram({
  name: 'streamshop_operation_duration_seconds',
  help: 'How long the operations of schema/operations took; any other is "other".',
  buckets: durationBuckets,
  labelNames: ['operation', 'type', 'outcome'],
  registers: [registry],
});
const failures = new Counter({
  name: 'streamshop_operation_errors_total',
  help: 'Errors in answers, by code.',
  labelNames: ['operation', 'code'],
  registers: [registry],
});

/** A client may send any name, so only those that frontends use are labels. */
const known = new Set(
  globSync(operationsGlob, { cwd: root }).flatMap((file) =>
    parse(readFileSync(join(root, file), 'utf8')).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.name ? [definition.name.value] : [],
    ),
  ),
);

/**
 * Counts and times operations by name, type and outcome, and their errors by code. Belongs after the plugins that change
 * an answer's errors.
 */
export const operationMetricsPlugin: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart() {
    const startedAt = performance.now();
    return {
      async willSendResponse({ request, response, operationName, operation: asked }) {
        // What the gateway asks itself has no HTTP request.
        if (!request.http || response.body.kind !== 'single') return;
        const { data, errors = [] } = response.body.singleResult;
        const operation = operationName && known.has(operationName) ? operationName : 'other';
        const outcome = outcomeOf({ data, errors, status: response.http.status ?? 200 });
        const type = asked?.operation ?? 'none';
        durations.observe({ operation, type, outcome }, (performance.now() - startedAt) / 1_000);
        for (const { extensions } of errors) {
          const code = String(extensions?.code);
          failures.inc({ operation, code: Object.hasOwn(errorCodes, code) ? code : 'other' });
        }
      },
    };
  },
};

interface Answer {
  data?: unknown;
  errors: readonly unknown[];
  /** Of HTTP. */
  status: number;
}

function outcomeOf({ data, errors, status }: Answer): Outcome {
  if (data === undefined && status < 500) return 'refused';
  if (data === null || data === undefined) return 'failed';
  return errors.length > 0 ? 'partial' : 'ok';
}
