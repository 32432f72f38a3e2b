import type { StoreCall } from '../../gateway/seam.ts';
import { type Asked, parametersOf, textOf } from './sql.ts';

/** Notes what a transaction asks in its call, statement after statement: what it will ask is not known beforehand. */
export function noteTransaction(call: StoreCall) {
  const parameters: unknown[] = [];
  let rows = 0;
  call.parameters = parameters;
  call.rowsOf = () => rows;
  const note = (text: string) => {
    call.statement += `\n${text};`;
  };
  return {
    /** For `sqlThrough`. */
    async gate<T>({ sql }: Asked, send: () => Promise<T>): Promise<T> {
      // The places of one text are counted through.
      note(textOf(sql, parameters.length));
      parameters.push(...parametersOf(sql));
      const answer = await send();
      rows += countOf(answer);
      return answer;
    },
    /** Gives what the transaction gives, once its end is noted. */
    async ended<T>(transaction: Promise<T>): Promise<T> {
      try {
        const result = await transaction;
        note('COMMIT');
        return result;
      } catch (error) {
        note('ROLLBACK');
        throw error;
      }
    },
  };
}

/** Rows that were read or written. */
export const countOf = (answer: unknown): number => (Array.isArray(answer) ? answer.length : Number(answer));
