import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** The genres that a film of the catalogue can have; seed/README.md says what is meant by the less obvious ones. */
export const genres = [
  'Action',
  'Adventure',
  'Animation',
  'Biography',
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Family',
  'Fantasy',
  'History',
  'Horror',
  'Music',
  'Mystery',
  'Romance',
  'Sci-Fi',
  'Sport',
  'Thriller',
  'War',
  'Western',
] as const;
export type Genre = (typeof genres)[number];

const filmSchema = z.strictObject({
  id: z.string().regex(/^m\d+$/),
  title: z.string().min(1),
  releaseYear: z.int().min(1888),
  runtimeMinutes: z.int().positive(),
  genres: z.array(z.enum(genres)).min(1),
  tags: z
    .array(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/))
    .min(3)
    .max(6),
  synopsis: z.string().min(1),
  licensedFrom: z.iso.date().optional(),
  licensedUntil: z.iso.date().optional(),
});
export type Film = z.infer<typeof filmSchema>;

const folder = join(import.meta.dirname, 'films');

/**
 * Reads the whole catalogue, ordered by id.
 * @throws Error naming file and film, when one is not valid or an id is given twice
 */
export function readFilms(): Film[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const films = files.flatMap((file) => parseFilms(file, readFileSync(join(folder, file), 'utf8')));
  const seen = new Set<string>();
  for (const { id, title } of films) {
    if (seen.has(id)) throw new Error(`seed/films: the id ${id} of "${title}" is given twice`);
    seen.add(id);
  }
  return films.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}

/**
 * The films in the text of one file.
 * @throws Error naming file and film, with what is wrong about it
 */
export function parseFilms(file: string, text: string): Film[] {
  return z
    .array(z.unknown())
    .parse(JSON.parse(text))
    .map((entry, index) => {
      const result = filmSchema.safeParse(entry);
      if (result.success) return result.data;
      const name = z.object({ title: z.string() }).safeParse(entry).data?.title ?? `film ${index + 1}`;
      throw new Error(`seed/films/${file}: ${name}: ${z.prettifyError(result.error)}`);
    });
}
