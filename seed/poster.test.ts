import { describe, expect, it } from 'vitest';
import { type Film, readFilms } from './films.ts';
import { posterSvg } from './poster.ts';

const films = readFilms();
const inception = films[0] as Film;

/** The document's tags, checked to open and close in pairs; text between them must be free of raw & and <. */
function parseTags(svg: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const tag = /<(\/?)(\w+)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/g;
  for (const [, closes, name = '', empty] of svg.matchAll(tag)) {
    if (closes) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
    names.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replace(tag, '')).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|apos);)/);
  return names;
}

describe('posterSvg', () => {
  it('is a well-formed SVG of 400 by 600 for every film', () => {
    for (const film of films) {
      const svg = posterSvg(film);
      expect(svg).toContain('viewBox="0 0 400 600"');
      expect(parseTags(svg)[0]).toBe('svg');
      expect(svg).not.toMatch(/NaN|undefined/);
    }
  });

  it('escapes a title that looks like markup', () => {
    const svg = posterSvg({ ...inception, title: `<script>"Tom" & 'Jerry'</script>` });
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;&quot;Tom&quot; &amp; &apos;Jerry&apos;&lt;/script&gt;');
    parseTags(svg);
  });

  it('wraps a long title without losing a word', () => {
    const title = 'The Lord of the Rings: The Fellowship of the Ring';
    const lines = [...posterSvg({ ...inception, title }).matchAll(/<tspan[^>]*>([^<]*)</g)].map(([, line]) => line);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.length).toBeLessThanOrEqual(4);
    expect(lines.join(' ')).toBe(title);
  });

  it('is the same each time, and another for another film', () => {
    expect(posterSvg(inception)).toBe(posterSvg(inception));
    expect(posterSvg({ ...inception, id: 'm102' })).not.toBe(posterSvg(inception));
  });
});
