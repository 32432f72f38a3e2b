import { type DocumentNode, getOperationAST, OperationTypeNode, parse } from 'graphql';

/** Parses subgraph operations, and remembers them. */
export type Documents = (query: string) => DocumentNode;

const maxCachedCharacters = 8_192;

/** The planner caches its plans, so the same few texts come again and again. */
export function documentCache(capacity = 1_000): Documents {
  const documents = new Map<string, DocumentNode>();
  return (query) => {
    const known = documents.get(query);
    if (known) return known;
    const document = parse(query, { noLocation: true });
    // Pages are short; a long operation is rarely asked twice, and its tree takes megabytes.
    if (query.length > maxCachedCharacters) return document;
    const oldest = documents.keys().next().value;
    if (documents.size >= capacity && oldest !== undefined) documents.delete(oldest);
    documents.set(query, document);
    return document;
  };
}

/** Whether a document's one operation only reads. */
export const isQuery = (document: DocumentNode): boolean =>
  getOperationAST(document)?.operation === OperationTypeNode.QUERY;
