/** What a movie has in the media bucket, and how browsers and proxies are told to treat it. */
export const mediaKinds = {
  poster: { file: 'poster.svg', contentType: 'image/svg+xml', cacheControl: 'private, max-age=3600' },
  video: { file: 'video.mp4', contentType: 'video/mp4', cacheControl: 'private, max-age=86400' },
} as const;

export type MediaKind = keyof typeof mediaKinds;

/**
 * Whether an id can stand in a key. Ids come from callers, and `..` or `/` in one would lead out of its folder; besides, for
 * plain ASCII S3's order of keys (by UTF-8 bytes) is JavaScript's order of strings.
 */
export const isKeyable = (movieId: string) => /^[\w-]{1,128}$/.test(movieId);

export const folderOf = (movieId: string) => `movies/${movieId}/`;

export const keyOf = (movieId: string, kind: MediaKind) => `${folderOf(movieId)}${mediaKinds[kind].file}`;
