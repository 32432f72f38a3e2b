import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { build, createServer, type InlineConfig } from 'vite';
import { readSettings, root } from '../../config.ts';

// Vite's part of the build, a process of its own, so that its memory is given back:
//   node web/explorer/bundle.ts FOLDER     builds into FOLDER
//   node web/explorer/bundle.ts --serve    serves the sources, reloads on change, asks the running gateway
const config: InlineConfig = {
  configFile: false,
  root: import.meta.dirname,
  base: '/explorer/',
  logLevel: 'warn',
  plugins: [react()],
  build: {
    emptyOutDir: true,
    target: 'es2023',
    // Monaco is one large piece by nature.
    chunkSizeWarningLimit: 5_000,
    // Everything is a file with a hashed name: the content security policy then needs no data: for scripts and workers.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // GraphiQL's packages carry directives for a compiler that has run already.
      onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning),
    },
  },
  worker: { format: 'es' },
  server: { fs: { allow: [root] }, proxy: { '/graphql': gatewayUrl() } },
};

const [target] = process.argv.slice(2);
if (target === '--serve') {
  const server = await createServer({ ...config, logLevel: 'info' });
  await server.listen();
  server.printUrls();
} else if (target) {
  await build({ ...config, build: { ...config.build, outDir: resolve(target) } });
} else {
  console.error('Usage: node web/explorer/bundle.ts FOLDER | --serve');
  process.exit(1);
}

function gatewayUrl(): string {
  const { host, port } = readSettings().gateway;
  return `http://${host}:${port}`;
}
