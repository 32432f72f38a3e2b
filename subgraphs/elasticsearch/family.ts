import type { estypes } from '@elastic/elasticsearch';
import type { Definition } from './indices.ts';
import { isIndexOf } from './indices.ts';
import type { ElasticsearchStore } from './store.ts';

/** The indices of one alias: one, and two while a mapping changes. */
export interface Family {
  /** The index behind the alias, which readers read; null before the first migration. */
  current: string | null;
  indices: { name: string; isBlocked: boolean }[];
}

/** Which indices there are. Answered from the cluster state, no shard is asked. */
export async function readFamily(store: ElasticsearchStore, definition: Definition): Promise<Family> {
  const { alias } = definition;
  const text = `GET /${alias}-*?features=aliases,settings&flat_settings=true`;
  const found = await store.call(
    { text, isRead: true, rowsOf: (indices: estypes.IndicesGetResponse) => Object.keys(indices).length },
    (client, options) =>
      client.indices.get({ index: `${alias}-*`, features: ['aliases', 'settings'], flat_settings: true }, options),
  );
  const own = Object.entries(found).filter(([name]) => isIndexOf(definition, name));
  return {
    current: own.find(([, { aliases }]) => aliases && alias in aliases)?.[0] ?? null,
    indices: own.map(([name, { settings }]) => {
      const flat = settings as Record<string, unknown> | undefined;
      return { name, isBlocked: flat?.['index.blocks.write'] === 'true' };
    }),
  };
}
