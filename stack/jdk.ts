import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { StackError } from './errors.ts';

/** Which Java versions a server runs on. */
export type JdkNeed = { exactly: number } | { atLeast: number };

interface Jdk {
  home: string;
  version: number;
}

/** One JDK that fits every server here, so that a machine with it needs no other. */
const preferredVersion = 17;

/**
 * Finds a JDK for a server: among JAVA_HOME, the `java` on PATH and the folders where JDKs are usually installed.
 * @param folders where to look besides JAVA_HOME and PATH; each entry of such a folder may be a JDK
 * @returns the path of its `java`
 * @throws StackError JDK_MISSING, naming the versions that were found
 */
export function findJava(
  serverName: string,
  need: JdkNeed,
  { env = process.env, folders = usualFolders() }: { env?: NodeJS.ProcessEnv; folders?: string[] } = {},
): string {
  const found = installedJdks(env, folders);
  const fitting = found.filter(({ version }) => fits(version, need));
  const chosen = fitting.find(({ version }) => version === preferredVersion) ?? fitting[0];
  if (chosen) return join(chosen.home, 'bin', 'java');

  const wanted = 'exactly' in need ? `JDK ${need.exactly} exactly` : `JDK ${need.atLeast} or newer`;
  const versions = found.map(({ home, version }) => `${version} in ${home}`).join(', ') || 'none';
  throw new StackError(
    'JDK_MISSING',
    `${serverName} needs ${wanted}; found: ${versions}. Install one (Debian: apt-get install openjdk-17-jre-headless), ` +
      `set JAVA_HOME, or leave the server out: npm start -- --without ${serverName}`,
  );
}

function fits(version: number, need: JdkNeed): boolean {
  return 'exactly' in need ? version === need.exactly : version >= need.atLeast;
}

function usualFolders(): string[] {
  return ['/usr/lib/jvm', '/opt', join(homedir(), '.sdkman/candidates/java')];
}

function installedJdks(env: NodeJS.ProcessEnv, folders: string[]): Jdk[] {
  const onPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'java'));
  const candidates = [
    ...(env.JAVA_HOME ? [env.JAVA_HOME] : []),
    ...onPath.filter(existsSync).map((java) => dirname(dirname(realpathSync(java)))),
    ...folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))),
  ];
  const homes = candidates.filter((home) => existsSync(join(home, 'bin', 'java'))).map((home) => realpathSync(home));
  return [...new Set(homes)].flatMap((home) => {
    const version = versionOf(home);
    return version ? [{ home, version }] : [];
  });
}

/** The feature version from the JDK's `release` file: JAVA_VERSION="17.0.15" is 17, "1.8.0_402" is 8. */
function versionOf(home: string): number | undefined {
  // A `java` found on PATH may belong to the `jre` inside an old JDK, which has its release file one folder up.
  const file = [home, dirname(home)].map((folder) => join(folder, 'release')).find(existsSync);
  const match = file ? /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(file, 'utf8')) : null;
  return match ? Number(match[1]) : undefined;
}
