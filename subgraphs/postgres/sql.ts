import { secret } from '../../gateway/seam.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';

/** What of Prisma the room uses: SQL. So every statement is known as it is sent. */
export interface SqlRunner {
  /** Asks for rows. Outside of a transaction it is for reads only: asked once more where the connection breaks. */
  $queryRaw<T = unknown>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>;
  /** Writes; gives the number of rows. */
  $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>;
}

/** One statement on its way to Postgres. */
export interface Asked {
  sql: Prisma.Sql;
  isRead: boolean;
}

/** Whom every statement passes; `send` sends it. */
type Gate = <T>(asked: Asked, send: () => Promise<T>) => Promise<T>;

/** SQL through a gate. */
export function sqlThrough(gate: Gate, prisma: Pick<PrismaClient, '$queryRaw' | '$executeRaw'>): SqlRunner {
  return {
    $queryRaw: <T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) => {
      const sql = sqlOf(query, values);
      return gate({ sql, isRead: true }, async () => await prisma.$queryRaw<T>(revealed(sql)));
    },
    $executeRaw: (query, ...values) => {
      const sql = sqlOf(query, values);
      return gate({ sql, isRead: false }, async () => await prisma.$executeRaw(revealed(sql)));
    },
  };
}

const sqlOf = (query: TemplateStringsArray | Prisma.Sql, values: readonly unknown[]): Prisma.Sql =>
  'raw' in query ? Prisma.sql(query, ...values) : query;

/** A value of a statement that no observer may see. */
class Hidden {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Hides a value of a statement, such as a password's hash, from whoever observes. */
export const hidden = (value: unknown): unknown => new Hidden(value);

const isHidden = (value: unknown): value is Hidden => value instanceof Hidden;

const revealed = (sql: Prisma.Sql): Prisma.Sql =>
  sql.values.some(isHidden)
    ? new Prisma.Sql(
        sql.strings,
        sql.values.map((value) => (isHidden(value) ? value.value : value)),
      )
    : sql;

/** A statement's values as observers may see them, in the placeholders' order. */
export const parametersOf = ({ values }: Prisma.Sql): readonly unknown[] =>
  values.some(isHidden) ? values.map((value) => (isHidden(value) ? secret : value)) : values;

/**
 * A statement's text, with `$1` for its first value.
 * @param placesBefore how many values of other statements of the same text come before
 */
export function textOf({ strings }: Prisma.Sql, placesBefore = 0): string {
  let text = strings[0] ?? '';
  for (let place = 1; place < strings.length; place += 1) text += `$${placesBefore + place}${strings[place]}`;
  return withoutIndentation(text);
}

/** The text without what all lines but the first are indented by, where the code that holds it is. */
function withoutIndentation(text: string): string {
  const indents = text.match(/\n *(?=\S)/g);
  if (!indents) return text.trim();
  const shared = Math.min(...indents.map(({ length }) => length));
  return text.replaceAll('\n'.padEnd(shared), '\n').trim();
}
