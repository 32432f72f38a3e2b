import { registerHooks } from 'node:module';

// node --import …/compiled-out/register.ts PROGRAM runs the program without the code that observes requests: in place of each
// of these modules of gateway/, the one of the same name in this folder is loaded.
const observing = ['xray.ts', 'tracing.ts', 'tracing-http.ts', 'plugins.ts'];

const inGateway = (file: string) => new URL(`../../gateway/${file}`, import.meta.url).href;
const here = new URL('.', import.meta.url).href;
const replacements = new Map(observing.map((file) => [inGateway(file), new URL(file, here).href]));

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context);
    const replacement = replacements.get(found.url);
    // A replacement may stand on what it replaces.
    return replacement && !context.parentURL?.startsWith(here) ? { ...found, url: replacement } : found;
  },
});
