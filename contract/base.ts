import { execFileSync } from 'node:child_process';
import { type EventShapes, parseEvents } from './events.ts';
import type { OperationFile } from './operations.ts';
import { eventsPath, operationsPath, supergraphPath } from './paths.ts';

/** What the contract said at an earlier revision. */
export interface Base {
  /** Which one, for people: `3f2a1bc, the parent of HEAD`. */
  label: string;
  supergraph: string;
  operations: OperationFile[];
  /** Null where they cannot be compared; the label says so. */
  events: EventShapes | null;
}

/** There is nothing to compare with, and why. */
export interface NoBase {
  none: string;
}

/**
 * The revision that the working tree is compared with: the one given; else, on a branch, where it left the main one; else
 * HEAD, where the contract's files have been changed since; else HEAD's parent, which is what a fresh clone in CI compares.
 * @param revision anything that git takes for a commit
 * @throws Error when the revision that was given is none
 */
export function findBase(folder: string, revision?: string): Base | NoBase {
  const git = gitIn(folder);
  if (revision !== undefined) {
    const commit = git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`);
    if (!commit) throw new Error(`--base ${revision}: there is no such revision here.`);
    return read(git, commit, revision);
  }
  const head = git('rev-parse', '--verify', '--quiet', 'HEAD');
  if (!head) return { none: 'this is no git repository with a commit' };

  for (const main of ['origin/HEAD', 'origin/main']) {
    const left = git('merge-base', 'HEAD', main);
    if (left && left !== head) return read(git, left, `where this branch left ${main}`);
  }
  const changed = git('status', '--porcelain', '--', supergraphPath, eventsPath, operationsPath);
  if (changed) return read(git, head, 'HEAD');
  const parent = git('rev-parse', '--verify', '--quiet', 'HEAD~1');
  if (parent) return read(git, parent, 'the parent of HEAD');
  const isShallow = git('rev-parse', '--is-shallow-repository') === 'true';
  return {
    none: isShallow ? 'this clone is shallow: fetch one commit more, or give --base' : 'HEAD is the first commit',
  };
}

type Git = (...args: string[]) => string | null;

/** Runs git there; gives what it prints, or null where it fails. */
const gitIn =
  (cwd: string): Git =>
  (...args) => {
    try {
      return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 }).trimEnd();
    } catch {
      return null;
    }
  };

function read(git: Git, commit: string, name: string): Base | NoBase {
  const show = (path: string) => git('show', `${commit}:${path}`);
  const label = `${commit.slice(0, 9)}, ${name}`;
  const supergraph = show(supergraphPath);
  if (supergraph === null) return { none: `${label}, has no ${supergraphPath}` };
  const events = parseEvents(show(eventsPath) ?? '');
  const files = git('ls-tree', '-r', '--name-only', commit, '--', `${operationsPath}/`)?.split('\n') ?? [];
  return {
    label: events ? label : `${label}; not its event types, since it has no ${eventsPath} of today's form`,
    ...{ supergraph, events },
    operations: files.filter((file) => file.endsWith('.graphql')).map((file) => ({ file, text: show(file) ?? '' })),
  };
}
