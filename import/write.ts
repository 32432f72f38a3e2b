import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../gateway/errors.ts';
import { reasonOf, StackError } from '../stack/errors.ts';

/** A row that the source of truth does not take. */
export interface Refused<Row> {
  row: Row;
  reason: string;
}

/**
 * Writes rows through a command that takes all of them or none. Where it refuses them, halves are tried, down to the row
 * that is to blame: the others are written.
 * @returns the refused rows
 * @throws what is no refusal, such as an outage
 */
export async function writeAll<Row>(
  rows: readonly Row[],
  write: (rows: readonly Row[]) => Promise<unknown>,
): Promise<Refused<Row>[]> {
  if (rows.length === 0) return [];
  try {
    await throughOutages(() => write(rows));
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [row] = rows;
    if (rows.length === 1 && row !== undefined) return [{ row, reason: reasonOf(error) }];
    const half = Math.ceil(rows.length / 2);
    return [...(await writeAll(rows.slice(0, half), write)), ...(await writeAll(rows.slice(half), write))];
  }
}

const isRefusal = (error: unknown): boolean => ['BAD_USER_INPUT', 'NOT_FOUND'].includes(codeOf(error) ?? '');
const isOutage = (error: unknown): boolean => ['STORE_UNAVAILABLE', 'STORE_TIMEOUT'].includes(codeOf(error) ?? '');

const patienceMs = 30_000;
const pauseMs = 500;

/** Tries again while Postgres restarts; every command can be repeated. */
async function throughOutages(work: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (performance.now() > deadline) {
        throw new StackError(
          'NOT_REACHABLE',
          `the import stopped: ${reasonOf(error)}. Start the servers (npm start, in another terminal), then run it again: it goes on where it was`,
        );
      }
      await delay(pauseMs);
    }
  }
}
