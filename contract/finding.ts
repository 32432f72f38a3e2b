import type { ASTNode } from 'graphql';

/** One thing that a check has found. */
export interface Finding {
  /** An error breaks the contract; a warning is only told. */
  level: 'error' | 'warning';
  /** What is wrong, in a sentence. */
  message: string;
  /** What to do next. */
  hint?: string;
  /** Where in the schema, such as `Movie.title`. */
  coordinate?: string;
  /** Where in the project, relative to its root. */
  file?: string;
  /** From 1. */
  line?: number;
}

/** The line of its file on which an element of a document begins, behind its description. */
export function lineOf(node: ASTNode): number | undefined {
  const { loc } = 'name' in node && node.name ? node.name : node;
  return loc?.startToken.line;
}
