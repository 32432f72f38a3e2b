import { type DocumentNode, getOperationAST, OperationTypeNode, parse } from 'graphql';

/** Pages are short; a long operation is rarely asked twice. */
const longestRemembered = 8_192;

/**
 * Parses subgraph operations, and remembers them: the planner caches its plans, so the same few texts come again and again.
 * But strangers write operations too, and of theirs the planner makes ours. So what is remembered is bounded by its size,
 * not by its number.
 * @param capacity in characters of all texts; a character's part of a tree takes up to 35 bytes of memory
 */
export function documentCache(capacity = 1_000_000): (query: string) => DocumentNode {
  const documents = new Map<string, DocumentNode>();
  let characters = 0;
  return (query) => {
    const known = documents.get(query);
    if (known) return known;
    const document = parse(query, { noLocation: true });
    if (query.length > longestRemembered) return document;
    documents.set(query, document);
    characters += query.length;
    for (const oldest of documents.keys()) {
      if (characters <= capacity) break;
      documents.delete(oldest);
      characters -= oldest.length;
    }
    return document;
  };
}

/** One cache for all rooms of this process: their bound is the process' memory, and a tree is of its text alone. */
export const parseOperation = documentCache();

/** Whether a document's one operation only reads. */
export const isQuery = (document: DocumentNode): boolean =>
  getOperationAST(document)?.operation === OperationTypeNode.QUERY;
