import type { Parameters } from './seam.ts';

/**
 * A request of a store that speaks JSON over HTTP. It is written once, with placeholders: so it tells itself to those who
 * observe, and what it tells is what is sent.
 */
export interface JsonRequest<Body> {
  /** Method and path, then the body: as in the consoles of such stores, such as Kibana's Dev Tools. */
  text: string;
  /** The body with values in the placeholders. */
  bodyOf(parameters: Parameters): Body;
}

const mark = '\0';

/** Stands in a body for the value of that name: `$name`. It fits wherever a value does. */
export const placeholder = (name: string): never => `${mark}$${name}` as never;

/**
 * Stands in a list for as many items as the value of that name has elements; placeholders in it are an element's fields, or
 * the element itself where that is no object.
 */
export const forEach = (name: string, ...items: unknown[]): never[] =>
  [...items, `${mark}… for each of $${name}`] as never[];

/** Stands in a list for items that are only there if the value of that name is. */
export const ifGiven = (name: string, ...items: unknown[]): never[] =>
  [...items, `${mark}… if there is $${name}`] as never[];

/**
 * A request with one JSON document as its body.
 * @param line method and path
 */
export function jsonRequest<Body>(line: string, body: Body): JsonRequest<Body> {
  const fill = compile(body);
  return { text: `${line}\n${unmarked(indented(body))}`, bodyOf: (parameters) => fill(parameters) as Body };
}

/** A request whose body has a JSON document on each line (NDJSON). */
export function ndjsonRequest<Line>(line: string, lines: readonly Line[]): JsonRequest<Line[]> {
  const fill = compile(lines);
  const text = lines.map((document) => unmarked(JSON.stringify(document))).join('\n');
  return { text: `${line}\n${text}`, bodyOf: (parameters) => fill(parameters) as Line[] };
}

/** A request's text with its values, to paste into the store's console. */
export function requestInShell(text: string, parameters: Parameters): string {
  const [line, ...rest] = text.split('\n');
  if (rest.length === 0) return text;
  const document = parsed(rest.join('\n'));
  if (document !== undefined) return `${line}\n${indented(compile(document)(parameters))}`;
  const documents = compile(rest.map(parsed))(parameters) as unknown[];
  return [line, ...documents.map((each) => JSON.stringify(each)), ''].join('\n');
}

type Fill = (values: unknown) => unknown;

/** Makes the function that puts values into a template; what has no placeholder is given as it is, and not copied. */
function compile(template: unknown): Fill {
  return compiled(template) ?? (() => template);
}

/** Undefined for what is the same whatever the values. */
function compiled(template: unknown): Fill | undefined {
  if (typeof template === 'string') {
    const name = placeholders.exec(template)?.[1];
    return name === undefined ? undefined : (values) => lookUp(values, name);
  }
  if (Array.isArray(template)) return compiledList(template);
  if (typeof template !== 'object' || template === null) return undefined;
  const entries = Object.entries(template).map(([name, part]) => [name, compiled(part), part] as const);
  if (entries.every(([, fill]) => !fill)) return undefined;
  return (values) => {
    const filled: Record<string, unknown> = {};
    for (const [name, fill, part] of entries) filled[name] = fill ? fill(values) : part;
    return filled;
  };
}

function compiledList(template: readonly unknown[]): Fill | undefined {
  if (template.every((item) => !compiled(item) && !repetition(item))) return undefined;
  const parts: ((values: unknown) => unknown[])[] = [];
  let items: Fill[] = [];
  const end = (scopesOf: (values: unknown) => readonly unknown[]) => {
    const repeated = items;
    items = [];
    parts.push((values) => scopesOf(values).flatMap((scope) => repeated.map((fill) => fill(scope))));
  };
  for (const item of template) {
    const { name, isEach } = repetition(item) ?? {};
    if (name === undefined) items.push(compile(item));
    else if (isEach) end((values) => lookUp(values, name) as unknown[]);
    else end((values) => ((lookUp(values, name) ?? null) === null ? [] : [values]));
  }
  end((values) => [values]);
  return (values) => parts.flatMap((part) => part(values));
}

function repetition(item: unknown): { name: string; isEach: boolean } | undefined {
  const [, what, name] = (typeof item === 'string' && repetitions.exec(item)) || [];
  return name === undefined ? undefined : { name, isEach: what === 'for each of' };
}

const placeholders = /^\0\$(\w+)$/;
const repetitions = /^\0… (for each of|if there is) \$(\w+)$/;

const lookUp = (values: unknown, name: string): unknown =>
  typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[name] : values;

/** JSON text with placeholders as they are told, and back. */
const unmarked = (json: string) => json.replace(/"\\u0000([^"]*)"/g, '$1');
const marked = (text: string) => text.replace(/(?:… (?:for each of|if there is) )?\$\w+/g, '"\\u0000$&"');

function parsed(text: string): unknown {
  try {
    return JSON.parse(marked(text));
  } catch {
    return undefined;
  }
}

const widestLine = 100;

/** JSON with spaces, broken into lines where it would be too wide. */
function indented(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const isList = Array.isArray(value);
  const partsWith = (indent: string) =>
    isList
      ? value.map((item) => indented(item ?? null, indent))
      : Object.entries(value)
          .filter(([, part]) => part !== undefined)
          .map(([name, part]) => `${JSON.stringify(name)}: ${indented(part, indent)}`);
  const flat = partsWith('').join(', ');
  if (!flat.includes('\n') && indent.length + flat.length <= widestLine) return isList ? `[${flat}]` : `{ ${flat} }`;
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${partsWith(deeper)
    .map((part) => `${deeper}${part}`)
    .join(',\n')}\n${indent}${close}`;
}
