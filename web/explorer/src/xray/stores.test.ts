import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { colorOf, storeColors } from './stores.ts';

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const css = readFileSync(join(import.meta.dirname, '..', 'style', 'base.css'), 'utf8');
function themed(name: string): { light: string; dark: string } {
  const match = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
  return { light: match?.[1] ?? '', dark: match?.[2] ?? '' };
}
const grounds = ['surface', 'raised', 'good-soft'].map(themed);
const themes = ['light', 'dark'] as const;

test('every room that has a store has a colour of its own', () => {
  const rooms = join(import.meta.dirname, '../../../../subgraphs');
  const stores = readdirSync(rooms).filter((name) => existsSync(join(rooms, name, 'store.ts')));
  expect(Object.keys(storeColors).toSorted()).toEqual(stores.toSorted());
  for (const theme of themes) {
    expect(new Set(Object.values(storeColors).map((color) => color[theme])).size).toBe(stores.length);
  }
});

test.each([...Object.keys(storeColors), 'entry'])('%s stands out from what it is painted on, 3:1', (store) => {
  for (const theme of themes)
    for (const ground of grounds) expect(contrast(colorOf(store)[theme], ground[theme])).toBeGreaterThanOrEqual(3);
});

test.each(['ink', 'muted', 'accent', 'good', 'bad'])('text in --%s can be read on every ground, 4.5:1', (name) => {
  for (const theme of themes)
    for (const ground of grounds) expect(contrast(themed(name)[theme], ground[theme])).toBeGreaterThanOrEqual(4.5);
});
