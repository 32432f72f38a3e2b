import { isNetworkError } from '../../gateway/guard.ts';

/** What Postgres, pg and Prisma call a server that cannot be reached, that goes down, or that has no connection free. */
const outageCodes = new Set([
  // Prisma: unreachable, timed out, connection closed, pool exhausted, no transaction begun in time (P2028 also tells of
  // a transaction whose connection has gone).
  ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037'],
  // Postgres, appendix A of its manual: connection exceptions, too many connections, shutdown, crash, starting up.
  ...['08000', '08001', '08003', '08004', '08006', '53300', '57P01', '57P02', '57P03'],
]);

/** What the driver adapter calls them where Prisma's own code says no more than "raw query failed". */
const outageKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

/** pg gives these no code. */
const outageMessages =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** Whether an error, or one of its causes, means that Postgres cannot be reached, rather than that it refused a statement. */
export function isOutage(error: unknown): boolean {
  for (const failure of causes(error)) {
    const { code, originalCode, kind, message } = failure;
    if (isNetworkError(failure) || isNetworkError({ code: originalCode })) return true;
    if (outageCodes.has(String(code)) || outageCodes.has(String(originalCode))) return true;
    if (outageKinds.has(String(kind))) return true;
    if (outageMessages.test(String(message))) return true;
  }
  return false;
}

interface Failure {
  code?: unknown;
  originalCode?: unknown;
  kind?: unknown;
  message?: unknown;
  cause?: unknown;
  errors?: unknown;
  meta?: { driverAdapterError?: unknown };
}

/** The error, what Prisma and its driver adapter wrapped, and each attempt of a connection to several addresses. */
function* causes(error: unknown): Generator<Failure> {
  if (typeof error !== 'object' || error === null) return;
  const failure = error as Failure;
  yield failure;
  yield* causes(failure.cause);
  yield* causes(failure.meta?.driverAdapterError);
  if (Array.isArray(failure.errors)) for (const each of failure.errors) yield* causes(each);
}
