import type { Film } from './films.ts';
import { createRandom } from './generate/random.ts';
import { motifs } from './poster/motifs.ts';
import { palettes } from './poster/palettes.ts';

/**
 * A poster of 400 by 600 for the film, as an SVG document: the first genre gives the colours, the id the picture, so the
 * same film always has the same poster.
 */
export function posterSvg(film: Film): string {
  const [genre = 'Drama'] = film.genres;
  const palette = palettes[genre];
  const random = createRandom(film.id);
  const art = random.pick(motifs[genre])(palette, random);
  const { lines, fontSize } = fitTitle(film.title);
  const lineHeight = fontSize * 1.12;
  const firstBaseline = 538 - (lines.length - 1) * lineHeight;
  const title = lines
    .map(
      (line, index) =>
        `<tspan x="28" y="${(firstBaseline + index * lineHeight).toFixed(1)}">${escapeXml(line)}</tspan>`,
    )
    .join('');
  const caption = escapeXml(`${film.releaseYear}  ·  ${film.genres.join(' / ')}  ·  ${film.runtimeMinutes} min`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600" width="400" height="600" role="img">
<title>${escapeXml(`${film.title} (${film.releaseYear})`)}</title>
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.top}"/><stop offset="1" stop-color="${palette.bottom}"/></linearGradient>
<linearGradient id="shade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/><stop offset="0.55" stop-color="#000" stop-opacity="0.72"/><stop offset="1" stop-color="#000" stop-opacity="0.88"/></linearGradient>
</defs>
<rect width="400" height="600" fill="url(#sky)"/>
${art}
<rect y="330" width="400" height="270" fill="url(#shade)"/>
<g fill="#fff" font-family="'Helvetica Neue', Helvetica, Arial, sans-serif">
<rect x="28" y="${(firstBaseline - fontSize - 14).toFixed(1)}" width="44" height="4" fill="${palette.shapes[0]}"/>
<text font-size="${fontSize}" font-weight="700">${title}</text>
<text x="28" y="570" font-size="14" opacity="0.85" xml:space="preserve">${caption}</text>
</g>
<rect x="8" y="8" width="384" height="584" fill="none" stroke="#fff" stroke-opacity="0.25"/>
</svg>
`;
}

const titleWidth = 344;
/** Bold sans-serif letters are about this wide, as a share of the font size. */
const letterWidth = 0.66;

/** The largest size at which the title's words fit on four lines. */
function fitTitle(title: string): { lines: string[]; fontSize: number } {
  for (let fontSize = 44; ; fontSize -= 2) {
    const lines = wrap(title, Math.floor(titleWidth / (fontSize * letterWidth)));
    const longest = Math.max(...lines.map((line) => line.length));
    if ((lines.length <= 4 && longest * fontSize * letterWidth <= titleWidth) || fontSize <= 16)
      return { lines, fontSize };
  }
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] as string);
