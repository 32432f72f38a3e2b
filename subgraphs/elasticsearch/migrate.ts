import { setTimeout } from 'node:timers/promises';
import { jsonRequest, placeholder } from '../../gateway/json-request.ts';
import { makeFindable } from './bulk.ts';
import { copyAfter, findableUpTo, fromTheBeginning } from './copy.ts';
import { readFamily } from './family.ts';
import { type Definition, indexName } from './indices.ts';
import type { ElasticsearchStore } from './store.ts';

/** Where sinks try whether writes are taken. */
export const probeIndex = 'streamshop-sink-probe';

/** When a pass had no more than this to copy, the rest is short enough to hold writes back for. */
const shortPass = 500;
/** Under writes that never let up, the rest is held back for after this many. */
const mostPasses = 10;

/**
 * Brings the indices to their definitions. One whose settings or mapping have changed is made anew beside the old one, filled
 * and put in its place, while readers read and sinks write: the README tells the protocol. A run that was interrupted is
 * taken up by the next. One run at a time, which the caller sees to: of two, one that fails would let writes through that the
 * other holds back.
 * @throws Error when a document does not fit the new mapping; the old index then stays in service
 */
export async function migrate(store: ElasticsearchStore): Promise<void> {
  await createIndex(store, probeIndex, { settings: { auto_expand_replicas: '0-1' }, mappings: { dynamic: false } });
  for (const definition of Object.values(store.definitions)) await migrateAlias(store, definition);
}

async function migrateAlias(store: ElasticsearchStore, definition: Definition): Promise<void> {
  await forbidGuessing(store, definition);
  const { alias, settings, mappings } = definition;
  const target = indexName(definition);
  const { current, indices } = await readFamily(store, definition);
  const isBlocked = (name: string) => indices.some((index) => index.name === name && index.isBlocked);

  // Left so by a migration away from it that was interrupted while it held writes back, and is taken back. One that is
  // taken up goes on holding them back.
  if (current === target && isBlocked(current)) await unblock(store, current);
  if (current === null) {
    await createIndex(store, target, { settings, mappings, aliases: { [alias]: {} } });
  } else if (current !== target) {
    // An index of that name that was on its way out when its migration was interrupted: it lacks what came since.
    if (isBlocked(target)) await deleteIndices(store, [target]);
    await createIndex(store, target, { settings, mappings });
    try {
      await moveTo(store, definition, { from: current, to: target });
    } catch (error) {
      // The alias may have moved though the answer to that was lost.
      if ((await readFamily(store, definition)).current !== target) throw error;
    }
  }
  const others = (await readFamily(store, definition)).indices.filter(({ name }) => name !== target);
  if (others.length === 0) return;
  // Searches that began before the switch may still read the old index, until the deadline of the last of them.
  await setTimeout(store.timeoutMs);
  await deleteIndices(
    store,
    others.map(({ name }) => name),
  );
}

/**
 * Fills the new index while sinks write to the old one, holds writes back while it fetches the last few, and switches.
 */
async function moveTo(
  store: ElasticsearchStore,
  { alias }: Definition,
  { from, to }: { from: string; to: string },
): Promise<void> {
  let copied = fromTheBeginning;
  for (let pass = 1; pass <= mostPasses; pass++) {
    const upTo = await findableUpTo(store, from);
    const count = await copyAfter(store, { from, to }, copied);
    copied = upTo;
    if (count <= shortPass) break;
  }
  try {
    // Answered when all writes under way have ended: from here on the old index is as it is.
    await store.call(`PUT /${from}/_block/write`, (client, options) =>
      client.indices.addBlock({ index: from, block: 'write' }, options),
    );
    await makeFindable(store, [from]);
    await copyAfter(store, { from, to }, copied);
    await makeFindable(store, [to]);
    const actions = [{ remove: { index: from, alias } }, { add: { index: to, alias } }];
    await store.call(jsonRequest('POST /_aliases', { actions }).text, (client, options) =>
      client.indices.updateAliases({ actions }, options),
    );
  } catch (error) {
    await unblock(store, from);
    throw error;
  }
}

/** Without it a write to an index that was just deleted would make one of that name, with a mapping that is guessed. */
async function forbidGuessing(store: ElasticsearchStore, { alias }: Definition): Promise<void> {
  const template = { index_patterns: [alias, `${alias}-*`], allow_auto_create: false, priority: 500 };
  await store.call(jsonRequest(`PUT /_index_template/${alias}`, template).text, (client, options) =>
    client.indices.putIndexTemplate({ name: alias, ...template }, options),
  );
}

/** Creates an index, where there is none of that name. */
async function createIndex(store: ElasticsearchStore, index: string, body: object): Promise<void> {
  const template = Object.fromEntries(Object.keys(body).map((name) => [name, placeholder(name)]));
  const { text } = jsonRequest(`PUT /${index}`, template);
  await store.call({ text, parameters: { ...body } }, async (client, options) => {
    try {
      await client.indices.create({ index, ...body }, options);
    } catch (error) {
      if (typeOf(error) !== 'resource_already_exists_exception') throw error;
    }
  });
}

async function unblock(store: ElasticsearchStore, index: string): Promise<void> {
  const settings = { 'index.blocks.write': null };
  await store.call(jsonRequest(`PUT /${index}/_settings`, settings).text, (client, options) =>
    client.indices.putSettings({ index, settings }, options),
  );
}

async function deleteIndices(store: ElasticsearchStore, index: string[]): Promise<void> {
  await store.call(`DELETE /${index}?ignore_unavailable=true`, (client, options) =>
    client.indices.delete({ index, ignore_unavailable: true }, options),
  );
}

const typeOf = (error: unknown): string | undefined =>
  (error as { body?: { error?: { type?: string } } }).body?.error?.type;
