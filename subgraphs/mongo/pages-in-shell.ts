import type { Statement } from '../../gateway/seam.ts';
import type { Lists, PageKey } from './pages.ts';

// The finds and aggregates of `pages.ts` as mongosh takes them.

/** The same page of several lists, a find for each. */
export function findEach<T>(lists: Lists, keys: readonly PageKey[]): Statement<T[][]> {
  const { collection, field } = lists;
  const [key] = keys as [PageKey];
  const find = (value: string) =>
    `db.${collection}.find({ ${conditionsOf(lists, key, `$eq: ${value}`)} }, { outbox: 0 })` +
    `.sort(${sortText(lists)}).limit(LIMIT)`;
  const isOne = keys.length === 1;
  return {
    text: isOne ? find('ID') : `IDS.map((${field}) => ${find(field)}.toArray())`,
    parameters: { ...(isOne ? { ID: key.value } : { IDS: keys.map(({ value }) => value) }), ...restOf(key) },
    isRead: true,
    rowsOf: countAll,
  };
}

/** The same page of several lists, in one aggregation. */
export function aggregateAll<Group extends { documents: readonly unknown[] }>(
  lists: Lists,
  keys: readonly PageKey[],
): Statement<Group[]> {
  const { collection, field } = lists;
  const [key] = keys as [PageKey];
  return {
    text: `db.${collection}.aggregate([
  { $match: { ${conditionsOf(lists, key, '$in: IDS')} } },
  { $sort: ${sortText(lists)} },
  { $group: { _id: '$${field}', ids: { $push: '$_id' } } },
  { $project: { ids: { $slice: ['$ids', LIMIT] } } },
  { $lookup: { from: '${collection}', localField: 'ids', foreignField: '_id', as: 'documents' } },
  { $project: { 'documents.outbox': 0 } }
])`,
    parameters: { IDS: keys.map(({ value }) => value), ...restOf(key) },
    isRead: true,
    rowsOf: (groups) => countAll(groups.map(({ documents }) => documents)),
  };
}

const countAll = (pages: readonly (readonly unknown[])[]): number => pages.reduce((sum, { length }) => sum + length, 0);

const sortText = ({ direction }: Lists): string => `{ createdAt: ${direction}, _id: ${direction} }`;

/** The values of what keys have in common. */
const restOf = ({ page: { first, after }, hidden }: PageKey) => ({
  LIMIT: first + 1,
  ...(hidden.length > 0 && { HIDDEN: hidden }),
  ...(after && { AFTER_TIME: new Date(after.time), AFTER_ID: after.id }),
});

/** @param among which values the list's field has, such as `$in: IDS` */
function conditionsOf({ field, filter, direction }: Lists, { page, hidden }: PageKey, among: string): string {
  const isOwnField = field === 'authorId';
  const conditions = [
    `${field}: { ${among}${hidden.length > 0 && isOwnField ? ', $nin: HIDDEN' : ''} }`,
    ...Object.entries(filter).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    ...(hidden.length > 0 && !isOwnField ? ['authorId: { $nin: HIDDEN }'] : []),
  ];
  if (page.after) {
    const [from, beyond] = direction === 1 ? ['$gte', '$gt'] : ['$lte', '$lt'];
    conditions.push(
      `createdAt: { ${from}: AFTER_TIME }`,
      `$or: [{ createdAt: { ${beyond}: AFTER_TIME } }, { createdAt: AFTER_TIME, _id: { ${beyond}: AFTER_ID } }]`,
    );
  }
  return conditions.join(', ');
}
