import { registerHooks } from 'node:module';

// node --import …/compiled-out/register.ts PROGRAM runs the program without the code that observes requests: in place of each
// of these modules, the one of the same name in this folder is loaded.
const observing = [
  ...['xray', 'tracing', 'tracing-http', 'plugins', 'request', 'seam'].map((name) => `gateway/${name}.ts`),
  'subgraphs/postgres/sql.ts',
];

const here = new URL('.', import.meta.url).href;
const original = (file: string) => new URL(`../../${file}`, here).href;
const replacement = (file: string) => new URL(file.slice(file.lastIndexOf('/') + 1), here).href;
const replacements = new Map(observing.map((file) => [original(file), replacement(file)]));

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context);
    const url = replacements.get(found.url);
    // A replacement may stand on what it replaces.
    return url && !context.parentURL?.startsWith(here) ? { ...found, url } : found;
  },
});
