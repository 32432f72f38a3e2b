import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a configuration file from its template, in which `${name}` stands for a value.
 * @throws Error when the template asks for a value that is not given
 */
export async function fill(template: string, target: string, values: Record<string, string | number>): Promise<void> {
  const text = (await readFile(template, 'utf8')).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${template} asks for ${name}, which nobody gives`);
    return String(value);
  });
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
}
