import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StackError } from '../errors.ts';
import { waitForLock } from '../lock.ts';
import type { Place } from '../server.ts';

const run = promisify(execFile);
const sources = join(import.meta.dirname, 'java');

/** Where Elasticsearch finds itself (`path.home`): lib, modules and plugins, the same for all profiles. */
export const homeOf = ({ lib }: Pick<Place, 'lib'>) => join(lib, 'home');

/**
 * Lays out the home folder from the jars in `place.lib`, as the distribution has it: the server's modules in `lib`, each
 * module and plugin in a folder of its own with its descriptor. Compiles the launcher and the plugin of `java/` into it. Once:
 * a marker holds the hash of those sources. New jars come with a new `place.lib`, which has no home yet.
 * @throws StackError INSTALL_FAILED when the compiler refuses
 */
export async function layOutHome(place: Place): Promise<void> {
  const home = homeOf(place);
  const marker = join(home, '.java-sha256');
  const hash = hashOfSources();
  const isThere = () => existsSync(marker) && readFileSync(marker, 'utf8') === hash;
  if (isThere()) return;
  using _ = await waitForLock(`${place.lib}-home`);
  if (isThere()) return;

  // A half-made home is never mistaken for a whole one: it gets its name only when it is complete.
  const fresh = `${home}.new`;
  await rm(fresh, { recursive: true, force: true });
  const folder = async (...names: string[]) => {
    const path = join(fresh, ...names);
    await mkdir(path, { recursive: true });
    return path;
  };
  const lib = await folder('lib');
  const transport = await folder('modules', 'transport-netty4');
  const plugin = await folder('plugins', 'streamshop-basics');
  const launcher = await folder('launcher');

  const isOfTransport = (jar: string) => /^(netty|transport-netty4)-/.test(jar);
  for (const jar of readdirSync(place.lib).filter((name) => name.endsWith('.jar'))) {
    await link(join(place.lib, jar), join(isOfTransport(jar) ? transport : lib, jar));
  }
  const jdk = dirname(place.java());
  try {
    const jar = readdirSync(transport).find((name) => name.startsWith('transport-netty4-')) ?? '';
    const descriptor = 'META-INF/es-plugins/transport-netty4';
    await run(join(jdk, 'jar'), ['xf', jar, descriptor], { cwd: transport });
    for (const name of readdirSync(join(transport, descriptor))) {
      await rename(join(transport, descriptor, name), join(transport, name));
    }
    await rm(join(transport, 'META-INF'), { recursive: true });

    const compile = (source: string, target: string) =>
      run(join(jdk, 'javac'), [
        ...['--release', '21', '-proc:none', '-nowarn', '-cp', join(lib, '*'), '-d', target],
        join(sources, source),
      ]);
    await compile('Launcher.java', launcher);
    const classes = await folder('classes');
    await compile('BasicsPlugin.java', classes);
    await run(join(jdk, 'jar'), ['cf', join(plugin, 'streamshop-basics.jar'), '-C', classes, '.']);
    await rm(classes, { recursive: true });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new StackError('INSTALL_FAILED', `elasticsearch could not be compiled: ${stderr?.trim() || message}`);
  }
  await copyFile(join(sources, 'plugin-descriptor.properties'), join(plugin, 'plugin-descriptor.properties'));
  await writeFile(join(fresh, '.java-sha256'), hash);
  await rm(home, { recursive: true, force: true });
  await rename(fresh, home);
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  return hash.digest('hex');
}
