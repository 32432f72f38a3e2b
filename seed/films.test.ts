import { describe, expect, it } from 'vitest';
import { genres, parseFilms, readFilms } from './films.ts';

const films = readFilms();

describe('the catalogue', () => {
  it('has at least 200 films with unique ids, and titles unique within a year', () => {
    expect(films.length).toBeGreaterThanOrEqual(200);
    expect(new Set(films.map((film) => film.id)).size).toBe(films.length);
    expect(new Set(films.map((film) => `${film.title} ${film.releaseYear}`)).size).toBe(films.length);
  });

  it('has Inception as m101', () => {
    expect(films[0]).toMatchObject({ id: 'm101', title: 'Inception', releaseYear: 2010, runtimeMinutes: 148 });
  });

  it('spans every decade from the 1920s to the 2020s, and uses every genre', () => {
    const decades = new Set(films.map((film) => Math.floor(film.releaseYear / 10) * 10));
    expect([...decades].sort()).toEqual([1920, 1930, 1940, 1950, 1960, 1970, 1980, 1990, 2000, 2010, 2020]);
    expect(new Set(films.flatMap((film) => film.genres))).toEqual(new Set(genres));
  });

  it('describes every film in full', () => {
    const faults = films.flatMap(({ title, releaseYear, runtimeMinutes, genres, tags, synopsis }) => {
      const rules = {
        year: releaseYear >= 1920 && releaseYear <= 2025,
        runtime: runtimeMinutes >= 20 && runtimeMinutes <= 260,
        genres: new Set(genres).size === genres.length,
        tags: new Set(tags).size === tags.length,
        length: synopsis.length >= 120 && synopsis.length <= 600,
        sentences: [2, 3].includes(synopsis.match(/[.!?](?=\s|$)/g)?.length ?? 0),
      };
      return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`${title}: ${rule}`]));
    });
    expect(faults).toEqual([]);
  });
});

describe('a faulty file', () => {
  const film = JSON.stringify(films[0]);

  it('is reported with its name, the film and the field', () => {
    const text = `[${film.replace('"releaseYear":2010', '"releaseYear":"2010"')}]`;
    expect(() => parseFilms('2010s.json', text)).toThrow(/seed\/films\/2010s\.json: Inception: .*releaseYear/s);
  });

  it('is reported when a genre is unknown', () => {
    expect(() => parseFilms('2010s.json', `[${film.replace('Sci-Fi', 'Space')}]`)).toThrow(/Inception: .*genres\[0\]/s);
  });

  it('is reported by position where a film has no title', () => {
    expect(() => parseFilms('2010s.json', `[${film}, {}]`)).toThrow('seed/films/2010s.json: film 2: ');
  });
});
