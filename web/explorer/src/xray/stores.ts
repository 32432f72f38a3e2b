/** A store's colour in the light and the dark theme. */
export interface StoreColor {
  light: string;
  dark: string;
}

/**
 * One colour a store, everywhere. Neighbouring hues differ in lightness as well, and each has a contrast of at least 3:1 with
 * the panels (WCAG 2.2, 1.4.11 Non-text Contrast). A colour never speaks alone: the store's name stands beside it.
 */
export const storeColors: Record<string, StoreColor> = {
  postgres: { light: '#2563b8', dark: '#6ea8fe' },
  mongo: { light: '#2e7d32', dark: '#6fcf73' },
  redis: { light: '#c62828', dark: '#ff7b72' },
  cassandra: { light: '#0e8a9c', dark: '#4fd1e0' },
  clickhouse: { light: '#a07400', dark: '#f2c94c' },
  neo4j: { light: '#3d5a80', dark: '#a9c1e8' },
  elasticsearch: { light: '#b8327f', dark: '#ff8cc6' },
  qdrant: { light: '#8e24aa', dark: '#d68cf0' },
  questdb: { light: '#7a3b1f', dark: '#d9a07e' },
  s3: { light: '#c75b12', dark: '#ffa657' },
  kafka: { light: '#4a4a55', dark: '#c4c7d4' },
};

/** What is no store: the rooms that only compute, and the gateway itself. */
const neutral: StoreColor = { light: '#75788c', dark: '#8b8fa6' };

/** The colour of a store, or of a subgraph, which is named after its store. */
export const colorOf = (store: string): StoreColor => storeColors[store] ?? neutral;

/** As a CSS value that follows the theme. */
export function cssColorOf(store: string): string {
  const { light, dark } = colorOf(store);
  return `light-dark(${light}, ${dark})`;
}
