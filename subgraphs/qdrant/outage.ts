import { isNetworkError } from '../../gateway/guard.ts';

/** undici's names (https://undici.nodejs.org/#/docs/api/Errors) for a connection that is not made, or ends in the middle. */
const connectionErrorCodes = new Set(['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CLOSED']);

/** Whether `fetch` failed because nobody is there: what happened to the connection is its error's cause. */
export function isConnectionError(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isNetworkError(cause) || connectionErrorCodes.has(String((cause as { code?: unknown }).code))) return true;
  }
  return false;
}

/** Whether a server says by its HTTP status that it may answer later. */
export const isBusy = (status: number) => status === 429 || (status >= 502 && status <= 504);
