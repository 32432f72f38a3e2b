import { existsSync, globSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import neo4j from 'neo4j-driver';
import { installJars } from '../jars.ts';
import type { Place, Server } from '../server.ts';
import { fill } from '../template.ts';

const here = (name: string) => join(import.meta.dirname, name);

/** Neo4j 5.26 with APOC: the real community server, from Maven Central. */
export const server: Server = {
  name: 'neo4j',
  urlVariable: 'NEO4J_URL',
  jdk: { atLeast: 17 },
  ports: ({ port }) => [port('neo4j')],
  install: (place) => installJars('neo4j', here('pom.xml'), place),

  async prepare({ lib, data, folder, port }) {
    await mkdir(data, { recursive: true });
    await fill(here('neo4j.conf'), join(folder, 'conf', 'neo4j.conf'), { data, folder, port: port('neo4j') });
    // All jars are on the class path; the server looks for procedures only in those that it finds here.
    const plugins = join(folder, 'plugins');
    await rm(plugins, { recursive: true, force: true });
    await mkdir(plugins);
    for (const jar of globSync(join(lib, 'apoc-core-*.jar'))) await symlink(jar, join(plugins, basename(jar)));
  },

  command: (place) => ({
    program: place.java(),
    args: [
      ...['-Xms64m', '-Xmx384m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', classArchive(place)],
      // What Neo4j asks of a JDK 17 and newer (server.jvm.additional in the neo4j.conf of its distribution).
      '--add-opens=java.base/java.nio=ALL-UNNAMED',
      '--add-opens=java.base/java.io=ALL-UNNAMED',
      '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
      '-Dio.netty.tryReflectionSetAccessible=true',
      '-Dlog4j2.disable.jmx=true',
      ...['-XX:+ExitOnOutOfMemoryError', '-Dfile.encoding=UTF-8'],
      ...['-cp', join(place.lib, '*'), 'org.neo4j.server.CommunityEntryPoint'],
      ...[`--home-dir=${place.folder}`, `--config-dir=${join(place.folder, 'conf')}`, '--console-mode'],
    ],
  }),

  async ready({ neo4j: { url, user, password, timeoutMs } }) {
    const driver = neo4j.driver(url, password ? neo4j.auth.basic(user, password) : undefined, {
      connectionTimeout: timeoutMs,
    });
    try {
      // The system database answers first; this one is what clients use.
      await driver.session({ database: 'neo4j' }).run('RETURN 1');
    } finally {
      await driver.close();
    }
  },

  readyWithinSeconds: 180,
  // The first stop also writes the archive of classes, which takes a few seconds more.
  stop: { signal: 'SIGTERM', graceSeconds: 45 },
};

/**
 * The JVM's option for class data sharing (JEP 350). The first run leaves its loaded classes behind when it ends; later ones
 * map that file, which halves their start. The JVM ignores an archive that does not fit its version or its jars.
 */
function classArchive({ folder }: Place): string {
  const archive = join(folder, 'classes.jsa');
  return existsSync(archive) ? `-XX:SharedArchiveFile=${archive}` : `-XX:ArchiveClassesAtExit=${archive}`;
}
