import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Pages are compared with the demo data as a whole; the import then adds five hundred films. */
const order = [/^test\/pages\//, /^(?!test\/)/, /^test\/(?!import\/)/, /^test\/import\//];

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) =>
      order.findIndex((pattern) => pattern.test(relative(import.meta.dirname, moduleId)));
    return files.toSorted((a, b) => placeOf(a) - placeOf(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  // Node imports graphql as CommonJS, like Apollo's packages do; Vite would take its ES module, a second copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // Tests stop servers and redeliver events: never those of the developer's own stack.
    env: { STREAMSHOP_PROFILE: process.env.STREAMSHOP_PROFILE ?? 'test' },
    include: ['{gateway,subgraphs,fanout,import,stack,seed,schema,contract,web,bench,test}/**/*.test.ts'],
    // The files share one set of servers, and some stop a server for a while: one file at a time.
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    // Conditions are awaited; only a machine that is busy with something else should come near these.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
