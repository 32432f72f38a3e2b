import { type Parameters, secret } from '../../gateway/seam.ts';

/**
 * Commands with their values, for redis-cli. The statement has a command a line, with `<name>` where a value stands. `…`
 * repeats what it follows for each value of a list: behind a word the word, on a line of its own the line above.
 */
export function inRedisCli(statement: string, parameters: Parameters): string {
  const lines = statement.split('\n');
  return lines
    .flatMap((line, index) => {
      if (line === '…') return [];
      const values = parameters as Values;
      return lines[index + 1] === '…' ? each(line, values).map(withValues(line)) : [withValues(line)(values)];
    })
    .join('\n');
}

type Values = Readonly<Record<string, unknown>>;

const placeholder = /<([^>]+)>/g;

/** The values of each repetition: of every list among them that the text names, one. */
function each(text: string, values: Values): Values[] {
  const lists = [...text.matchAll(placeholder)].flatMap(([, name = '']) => {
    const value = values[name];
    return Array.isArray(value) ? [[name, value] as const] : [];
  });
  const [, longest = []] = lists[0] ?? [];
  return longest.map((_, index) => ({
    ...values,
    ...Object.fromEntries(lists.map(([name, list]) => [name, list[index]])),
  }));
}

const withValues = (line: string) => (values: Values) => {
  const words = line.split(' ');
  return words
    .flatMap((word, index) => {
      if (word === '…') return [];
      const repetitions = words[index + 1] === '…' ? each(word, values) : [values];
      return repetitions.map((own) => quoted(word.replaceAll(placeholder, (_, name) => textOf(own[name]))));
    })
    .join(' ');
};

const textOf = (value: unknown): string => (value === secret ? '<secret>' : String(value));

const bare = /^[\w.:+*/-]+$/;
const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/** As redis-cli and the server's inline commands read a word (https://redis.io/docs/latest/develop/tools/cli/). */
const quoted = (word: string): string =>
  bare.test(word) ? word : `"${word.replaceAll(/[\n\r\t"\\]/g, (char) => escapes[char] ?? char)}"`;
