import type { Page } from '../../gateway/connection.ts';
import type { Statement } from '../../gateway/seam.ts';
import type { Lists, PageKey } from './pages.ts';

// The finds and aggregates of `pages.ts` as mongosh takes them.

/** The same page of several lists, a find for each. */
export function findEach<T>(lists: Lists, keys: readonly PageKey[], page: Page): Statement<T[][]> {
  const { collection, field } = lists;
  const find = (value: string) =>
    `db.${collection}.find({ ${field}: ${value}${conditionsOf(lists, page)} }, { outbox: 0 })` +
    `.sort(${sortText(lists)}).limit(LIMIT)`;
  const isOne = keys.length === 1;
  return {
    text: isOne ? find('ID') : `IDS.map((${field}) => ${find(field)}.toArray())`,
    parameters: { ...(isOne ? { ID: keys[0]?.value } : { IDS: keys.map(({ value }) => value) }), ...placeOf(page) },
    isRead: true,
    rowsOf: countAll,
  };
}

/** The same page of several lists, in one aggregation. */
export function aggregateAll<Group extends { documents: readonly unknown[] }>(
  lists: Lists,
  values: readonly string[],
  page: Page,
): Statement<Group[]> {
  const { collection, field } = lists;
  return {
    text: `db.${collection}.aggregate([
  { $match: { ${field}: { $in: IDS }${conditionsOf(lists, page)} } },
  { $sort: ${sortText(lists)} },
  { $group: { _id: '$${field}', ids: { $push: '$_id' } } },
  { $project: { ids: { $slice: ['$ids', LIMIT] } } },
  { $lookup: { from: '${collection}', localField: 'ids', foreignField: '_id', as: 'documents' } },
  { $project: { 'documents.outbox': 0 } }
])`,
    parameters: { IDS: values, ...placeOf(page) },
    isRead: true,
    rowsOf: (groups) => countAll(groups.map(({ documents }) => documents)),
  };
}

const countAll = (pages: readonly (readonly unknown[])[]): number => pages.reduce((sum, { length }) => sum + length, 0);

const sortText = ({ direction }: Lists): string => `{ createdAt: ${direction}, _id: ${direction} }`;

const placeOf = ({ first, after }: Page) => ({
  LIMIT: first + 1,
  ...(after && { AFTER_TIME: new Date(after.time), AFTER_ID: after.id }),
});

function conditionsOf({ filter, direction }: Lists, { after }: Page): string {
  const fixed = Object.entries(filter).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
  if (!after) return fixed.join('');
  const [from, beyond] = direction === 1 ? ['$gte', '$gt'] : ['$lte', '$lt'];
  const place =
    `, createdAt: { ${from}: AFTER_TIME }, ` +
    `$or: [{ createdAt: { ${beyond}: AFTER_TIME } }, { createdAt: AFTER_TIME, _id: { ${beyond}: AFTER_ID } }]`;
  return fixed.join('') + place;
}
