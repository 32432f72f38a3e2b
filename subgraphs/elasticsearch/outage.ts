import { errors } from '@elastic/elasticsearch';
import { isNetworkError } from '../../gateway/guard.ts';

/** Whether an error means that nobody is there, or nobody who can answer now, rather than that a request is refused. */
export function isOutage(error: unknown): boolean {
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError) return true;
  return isNetworkError(error) || isBusy(statusOf(error));
}

/**
 * Whether a server, or one of its shards, says by its HTTP status that it may answer later. 503: it has just started, or lost
 * its master. 429: its queues or its memory are full (es_rejected_execution_exception, circuit_breaking_exception), or its disk.
 */
export const isBusy = (status: number | undefined): boolean => status === 429 || status === 503;

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number } | undefined)?.statusCode;
