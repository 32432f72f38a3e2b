import type { Facts, Source } from './sink.ts';

const kinds: readonly (keyof Source)[] = [
  ...(['watches', 'playbacks', 'follows', 'blocks', 'likes', 'aggregates'] as const),
  ...(['posts', 'comments', 'votes', 'reports', 'profiles', 'playbackReports', 'postViews'] as const),
];

/** Several rooms' sources of truth as one: each kind of fact from every room that has it. */
export function joinSources(sources: readonly Partial<Source>[]): Source {
  const joined = (kind: keyof Source) =>
    async function* (): Facts<unknown> {
      for (const source of sources) yield* (source[kind]?.() ?? []) as Facts<unknown>;
    };
  return Object.fromEntries(kinds.map((kind) => [kind, joined(kind)])) as unknown as Source;
}
