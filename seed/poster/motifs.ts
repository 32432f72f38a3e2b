import type { Genre } from '../films.ts';
import type { Random } from '../generate/random.ts';
import type { Palette } from './palettes.ts';

/** Draws on the upper two thirds of a poster of 400 by 600. */
export type Motif = (palette: Palette, random: Random) => string;

/** A sun over layered hills. */
const horizon: Motif = ({ shapes }, random) => {
  const [sunX, sunY, radius] = [random.int(110, 290), random.int(130, 220), random.int(55, 95)];
  const hills = [0, 1, 2].map((layer) => {
    const y = 290 + layer * 55;
    const [left, right] = [random.int(-60, 60), random.int(-60, 60)];
    const path = `M0 ${y}C100 ${y - 60 + left} 160 ${y + 50 - left} 230 ${y}S340 ${y - 60 + right} 400 ${y}V600H0Z`;
    return `<path d="${path}" fill="${shapes[layer === 1 ? 1 : 2]}" opacity="${0.25 + layer * 0.1}"/>`;
  });
  return `<circle cx="${sunX}" cy="${sunY}" r="${radius}" fill="${shapes[0]}" opacity="0.9"/>${hills.join('')}`;
};

/** A planet with rings and moons among stars. */
const orbits: Motif = ({ shapes }, random) => {
  const [x, y, tilt] = [random.int(150, 250), random.int(170, 240), random.int(-35, 35)];
  const stars = Array.from({ length: 70 }, () => {
    const radius = (0.5 + random.next() * 1.3).toFixed(1);
    return `<circle cx="${random.int(0, 400)}" cy="${random.int(0, 420)}" r="${radius}" fill="#fff" opacity="0.7"/>`;
  });
  const rings = [95, 130, 170].map(
    (radius, index) =>
      `<ellipse cx="${x}" cy="${y}" rx="${radius}" ry="${radius * 0.32}" fill="none" stroke="${shapes[index]}"` +
      ` stroke-width="${3 - index * 0.8}" opacity="0.75" transform="rotate(${tilt} ${x} ${y})"/>`,
  );
  const moon = `<circle cx="${x + random.int(-150, 150)}" cy="${y - random.int(80, 140)}" r="${random.int(8, 20)}" fill="${shapes[1]}"/>`;
  return `${stars.join('')}<circle cx="${x}" cy="${y}" r="${random.int(50, 70)}" fill="${shapes[0]}"/>${rings.join('')}${moon}`;
};

/** Rays from one point, as of a searchlight. */
const rays: Motif = ({ shapes }, random) => {
  const [x, y, count] = [random.int(120, 280), random.int(190, 260), random.int(9, 14)];
  const point = (angle: number) =>
    `${(x + 700 * Math.cos(angle)).toFixed(0)} ${(y + 700 * Math.sin(angle)).toFixed(0)}`;
  const beams = Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI + random.next() * 0.15;
    return `<path d="M${x} ${y}L${point(angle)}L${point(angle + Math.PI / count)}Z" fill="${shapes[index % 2]}" opacity="0.3"/>`;
  });
  return `${beams.join('')}<circle cx="${x}" cy="${y}" r="${random.int(45, 70)}" fill="${shapes[2]}" opacity="0.95"/>`;
};

/** Concentric rings that drift apart, like a tunnel or a dream. */
const tunnel: Motif = ({ shapes }, random) => {
  const [driftX, driftY] = [random.int(-8, 8), random.int(-6, 6)];
  const rings = Array.from({ length: 9 }, (_, index) => {
    const [x, y] = [200 + driftX * index, 220 + driftY * index];
    return `<circle cx="${x}" cy="${y}" r="${190 - index * 20}" fill="${shapes[index % 3]}" opacity="${(0.16 + index * 0.07).toFixed(2)}"/>`;
  });
  return rings.join('');
};

/** Towers of a city by night, some windows lit. */
const skyline: Motif = ({ shapes }, random) => {
  const parts = [
    `<circle cx="${random.int(70, 330)}" cy="${random.int(80, 150)}" r="38" fill="${shapes[2]}" opacity="0.85"/>`,
  ];
  for (let x = -10; x < 400; ) {
    const width = random.int(34, 62);
    const top = random.int(170, 340);
    parts.push(`<rect x="${x}" y="${top}" width="${width}" height="${600 - top}" fill="#000" opacity="0.55"/>`);
    for (let y = top + 14; y < 430; y += 18) {
      for (let windowX = x + 8; windowX < x + width - 10; windowX += 13) {
        if (!random.chance(0.3)) continue;
        parts.push(`<rect x="${windowX}" y="${y}" width="6" height="9" fill="${random.pick(shapes)}" opacity="0.9"/>`);
      }
    }
    x += width + random.int(-4, 6);
  }
  return parts.join('');
};

/** Confetti of circles, squares and triangles. */
const confetti: Motif = ({ shapes }, random) =>
  Array.from({ length: 46 }, () => {
    const [x, y, size, turn] = [random.int(0, 400), random.int(0, 420), random.int(8, 34), random.int(0, 90)];
    const paint = `fill="${random.pick(shapes)}" opacity="0.8" transform="rotate(${turn} ${x} ${y})"`;
    return random.pick([
      `<circle cx="${x}" cy="${y}" r="${size / 2}" ${paint}/>`,
      `<rect x="${x - size / 2}" y="${y - size / 2}" width="${size}" height="${size}" rx="3" ${paint}/>`,
      `<path d="M${x} ${y - size / 2}l${size / 2} ${size}h${-size}Z" ${paint}/>`,
    ]);
  }).join('');

/** Which pictures suit a genre. */
export const motifs: Record<Genre, readonly Motif[]> = {
  Action: [rays, skyline],
  Adventure: [horizon, rays],
  Animation: [confetti, horizon],
  Biography: [rays, tunnel],
  Comedy: [confetti, rays],
  Crime: [skyline, rays],
  Documentary: [tunnel, rays],
  Drama: [horizon, tunnel],
  Family: [confetti, horizon],
  Fantasy: [orbits, horizon],
  History: [horizon, rays],
  Horror: [tunnel, skyline],
  Music: [confetti, tunnel],
  Mystery: [tunnel, skyline],
  Romance: [horizon, tunnel],
  'Sci-Fi': [orbits, tunnel],
  Sport: [rays, confetti],
  Thriller: [skyline, tunnel],
  War: [rays, horizon],
  Western: [horizon, rays],
};
