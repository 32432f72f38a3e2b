import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';

/** What somebody tells of themselves. */
export interface Profile {
  userId: string;
  bio: string;
  links: { title: string; url: string }[];
  /** Tags of films. */
  interests: string[];
}

const bios = [
  'Watches everything twice, the second time for the sound.',
  'Front row, always.',
  'I came for the heist films and stayed for the documentaries.',
  'Projectionist for eleven years, now on the other side of the beam.',
  'One film a day. Some days, two.',
  'Black and white, please.',
];

/** Alice and Bob, and every other one of the others, tell something of themselves. */
export function* createProfiles({ users, films, seed }: Scene): Generator<Profile> {
  const random = createRandom(`${seed} profiles`);
  const tags = [...new Set(films.flatMap((film) => film.tags))];
  for (const [index, { id, name }] of users.entries()) {
    if (index > 1 && index % 2 === 1) continue;
    yield {
      userId: id,
      bio: random.pick(bios),
      links: random.chance(0.3) ? [{ title: `${name} writes`, url: `https://people.streamshop.example/${id}` }] : [],
      interests: random.shuffle(tags).slice(0, random.int(2, 5)),
    };
  }
}
