// subgraphs/postgres/sql.ts, making no text of a statement for anybody to read.
export * from '../../subgraphs/postgres/sql.ts';
export const textOf = (): string => '';
export const parametersOf = (): readonly unknown[] => [];
