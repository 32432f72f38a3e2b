import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { StackError } from './errors.ts';

/** Which Java versions a server runs on; and whether it takes `javac` as well, which a JRE lacks, to install it. */
export type JdkNeed = ({ exactly: number } | { atLeast: number }) & { withCompiler?: boolean };

interface Jdk {
  home: string;
  version: number;
  hasCompiler: boolean;
}

/** The one that fits most servers here, and the only one that fits Cassandra: a machine then needs few others. */
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
  const fitting = found.filter((jdk) => fits(jdk, need));
  const chosen = fitting.find(({ version }) => version === preferredVersion) ?? fitting[0];
  if (chosen) return join(chosen.home, 'bin', 'java');

  const version = 'exactly' in need ? `JDK ${need.exactly} exactly` : `JDK ${need.atLeast} or newer`;
  const wanted = need.withCompiler ? `${version}, with javac` : version;
  const versions = found.map((jdk) => describe(jdk, need)).join(', ') || 'none';
  throw new StackError(
    'JDK_MISSING',
    `${serverName} needs ${wanted}; found: ${versions}. Install one (${howToInstall(need)}), ` +
      `set JAVA_HOME, or leave the server out: npm start -- --without ${serverName}`,
  );
}

function fits({ version, hasCompiler }: Jdk, need: JdkNeed): boolean {
  if (need.withCompiler && !hasCompiler) return false;
  return 'exactly' in need ? version === need.exactly : version >= need.atLeast;
}

const describe = ({ home, version, hasCompiler }: Jdk, { withCompiler }: JdkNeed) =>
  `${version} in ${home}${withCompiler && !hasCompiler ? ' (no javac)' : ''}`;

/** Debian 12 has version 17 alone; 13 has 21 and 25. */
function howToInstall(need: JdkNeed): string {
  const version = 'exactly' in need ? need.exactly : Math.max(need.atLeast, preferredVersion);
  const install = `apt-get install openjdk-${version}-${need.withCompiler ? 'jdk' : 'jre'}-headless`;
  return version > preferredVersion
    ? `Debian 13 or newer: ${install}; for other systems: https://adoptium.net`
    : `Debian: ${install}`;
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
    return version ? [{ home, version, hasCompiler: existsSync(join(home, 'bin', 'javac')) }] : [];
  });
}

/** The feature version from the JDK's `release` file: JAVA_VERSION="17.0.15" is 17, "1.8.0_402" is 8. */
function versionOf(home: string): number | undefined {
  // A `java` found on PATH may belong to the `jre` inside an old JDK, which has its release file one folder up.
  const file = [home, dirname(home)].map((folder) => join(folder, 'release')).find(existsSync);
  const match = file ? /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(file, 'utf8')) : null;
  return match ? Number(match[1]) : undefined;
}
