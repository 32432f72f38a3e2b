import { isNetworkError } from '../../gateway/guard.ts';

/** QuestDB answered that it cannot work now, rather than that a row is wrong. */
export class OutageError extends Error {}

/** pg gives these no code. */
const outageMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/;

/** Whether an error, or its cause, means that QuestDB cannot be reached, rather than that it refused a statement. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof OutageError || isNetworkError(error) || outageMessages.test(error.message)) return true;
  // `fetch` wraps what the socket says, and a socket the attempts at several addresses.
  const { code, cause, errors = [] } = error as { code?: unknown; cause?: unknown; errors?: unknown[] };
  return String(code).startsWith('UND_ERR_') || isOutage(cause) || errors.some(isOutage);
}
