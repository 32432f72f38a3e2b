import pg from 'pg';

/** Postgres' type ids of what QuestDB sends for LONG, sum and count, and for TIMESTAMP. */
const [int8, timestamp] = [20, 1114];

/**
 * How pg reads QuestDB's values. LONG becomes a number, since none here comes near 2^53. A TIMESTAMP is in UTC, where pg
 * would take one without a zone for the machine's local time.
 */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') => {
    if (id === int8) return Number;
    if (id === timestamp) return (text: string) => new Date(`${text.replace(' ', 'T')}Z`);
    return pg.types.getTypeParser(id, format);
  },
};
