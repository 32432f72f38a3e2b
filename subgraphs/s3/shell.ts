import type { Parameters } from '../../gateway/seam.ts';
import { shellWord } from '../../gateway/shell-word.ts';

/**
 * A command of the AWS CLI with its values, for a Unix shell that has the credentials in its environment. An object's content
 * comes from a file, which is written before.
 */
export function inAwsCli(
  { statement, parameters }: { statement: string; parameters: Parameters },
  endpoint: string,
): string {
  const { body, ...words } = parameters as Record<string, string | Uint8Array>;
  const command = statement.replaceAll(/\$(\w+)/g, (_, name) =>
    name === 'body' ? '"$body"' : shellWord(String(words[name])),
  );
  const file = body === undefined ? '' : `body=$(mktemp) && ${print(body)} > "$body" && `;
  return `${file}${command} --endpoint-url ${shellWord(endpoint)}`;
}

const print = (body: string | Uint8Array) =>
  typeof body === 'string'
    ? `printf %s ${shellWord(body)}`
    : `printf %s ${Buffer.from(body).toString('base64')} | base64 -d`;
