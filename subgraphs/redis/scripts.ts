import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A script that runs within Redis. */
interface Script {
  lua: string;
  /** What EVALSHA calls it by. */
  sha1: string;
}

const read = (name: string) => readFileSync(join(import.meta.dirname, `${name}.lua`), 'utf8');

const script = (lua: string): Script => ({ lua, sha1: createHash('sha1').update(lua).digest('hex') });

/** Redis knows no modules: the sink's common head stands before each of its scripts. */
const sinkScript = (name: string) => script(`${read('position')}\n${read(name)}`);

/** The room's scripts, by the commands that ioredis makes of them. */
export const scripts = {
  applyPlays: sinkScript('apply-plays'),
  applyPosts: sinkScript('apply-posts'),
  applyEdges: sinkScript('apply-edges'),
  findSession: script(read('find-session')),
} as const;
