import { isNetworkError } from '../../gateway/guard.ts';

/** How the driver and mongoose call a server that cannot be reached, or has no connection free. */
const outageNames = new Set([
  ...['MongoNetworkError', 'MongoNetworkTimeoutError', 'MongoServerSelectionError', 'MongooseServerSelectionError'],
  ...['MongoNotConnectedError', 'MongoServerClosedError', 'MongoTopologyClosedError', 'MongoPoolClosedError'],
  ...['MongoPoolClearedError', 'PoolClearedOnNetworkError', 'MongoWaitQueueTimeoutError'],
]);

/**
 * What a server calls itself that is going down, or is no primary (any more): host unreachable, shutdown in progress, primary
 * stepped down, not writable primary, interrupted at shutdown (MongoDB manual, Error Codes).
 */
const outageCodes = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Whether an error, or one of its causes, means that MongoDB cannot be reached, rather than that it refused a command. */
export function isOutage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, cause, errorResponse } = error as Record<string, unknown>;
  if (isNetworkError(error) || outageNames.has(String(name)) || outageCodes.has(Number(code))) return true;
  // A bulk write keeps the error that stopped it where other errors have the server's answer.
  return isOutage(cause) || isOutage(errorResponse);
}
