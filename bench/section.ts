/** What one part of the benchmark found, for people and for programs. */
export interface Section {
  name: string;
  title: string;
  tables: Table[];
  /** Sentences. */
  remarks: string[];
  /** The same for `figures.json`, with all digits. */
  figures: unknown;
  /** The chart of the report, as an SVG document. */
  chart?: string;
}

export interface Table {
  title: string;
  columns: Column[];
  rows: string[][];
}

export interface Column {
  title: string;
  /** For the report, where lines may be long; not for the terminal. */
  isWide?: boolean;
}
