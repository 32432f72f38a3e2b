import * as z from 'zod';

/** A movie was added to the catalogue or changed; carries the whole movie after the change. */
export const movieChanged = z.object({
  movieId: z.string(),
  title: z.string(),
  synopsis: z.string(),
  releaseYear: z.int(),
  runtimeMinutes: z.int().positive(),
  genres: z.array(z.string()),
  tags: z.array(z.string()),
  /** The film's ids at IMDb and TMDB; absent where they are not known. */
  imdbId: z.string().optional(),
  tmdbId: z.string().optional(),
});
