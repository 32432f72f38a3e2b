import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A script of the sink. */
interface Script {
  lua: string;
  /** What EVALSHA calls it by. */
  sha1: string;
}

const read = (name: string) => readFileSync(join(import.meta.dirname, `${name}.lua`), 'utf8');

function sinkScript(name: string): Script {
  // Redis knows no modules: the common head stands before the script.
  const lua = `${read('position')}\n${read(name)}`;
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/** The sink's scripts, by the commands that ioredis makes of them. */
export const scripts = { applyPlays: sinkScript('apply-plays'), applyPosts: sinkScript('apply-posts') } as const;
