import { expect, test } from 'vitest';
import { patiently } from '../../gateway/guard.ts';
import { definitions } from '../../subgraphs/elasticsearch/indices.ts';
import { migrate } from '../../subgraphs/elasticsearch/migrate.ts';
import { openElasticsearch } from '../../subgraphs/elasticsearch/store.ts';
import { verify } from '../command.ts';
import { ask, createPost, newUser, settings, untilApplied } from '../harness.ts';
import { caughtUp } from '../replay.ts';

test('a mapping change under traffic loses no answer and no write', { timeout: 240_000 }, async () => {
  const { movies, posts } = definitions;
  const changed = {
    movies: { ...movies, mappings: { ...movies.mappings, _meta: { of: 'a later version' } } },
    posts: { ...posts, mappings: { ...posts.mappings, _meta: { of: 'a later version' } } },
  };
  const store = openElasticsearch(settings.elasticsearch);
  const author = await newUser();
  let isOver = false;
  let pages = 0;
  const written: string[] = [];

  const reader = async () => {
    while (!isOver) {
      const { data, errors } = await ask('{ movie(id: "m101") { related(first: 5) { id } } movieFacets { total } }');
      expect(errors).toEqual([]);
      expect(data.movie.related).toHaveLength(5);
      expect(data.movieFacets.total).toBeGreaterThanOrEqual(527);
      pages += 1;
    }
  };
  const writer = async () => {
    while (!isOver) written.push((await createPost(author.token, { movieId: 'm149' })).eventId);
  };
  const traffic = Promise.all([reader(), reader(), writer()]);
  try {
    await patiently(() => migrate({ ...store, definitions: changed }));
    await store.migrate();
  } finally {
    isOver = true;
    await traffic;
  }
  expect(pages).toBeGreaterThan(10);
  expect(written.length).toBeGreaterThan(10);
  await caughtUp();
  await untilApplied(written.at(-1) as string, author.token);
  await verify();
  await store.close();
});
