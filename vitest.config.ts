import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Node imports graphql as CommonJS, like Apollo's packages do; Vite would take its ES module, a second copy.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // Tests stop servers and redeliver events: never those of the developer's own stack.
    env: { STREAMSHOP_PROFILE: process.env.STREAMSHOP_PROFILE ?? 'test' },
    include: ['{gateway,subgraphs,fanout,import,stack,seed,schema,test}/**/*.test.ts'],
    // The files share one set of servers, and some stop a server for a while: one file at a time.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
