import { namesByRegion } from './names.ts';
import type { Random } from './random.ts';

export interface DemoUser {
  id: string;
  name: string;
  email: string;
  /** Only those who have one can log in. */
  password?: string;
  scopes: string[];
  createdAt: Date;
}

const dayMs = 86_400_000;

/** Alice, Bob and `count` - 2 others, who all signed up between a year and 31 days before `now`. */
export function createUsers({ count, now, random }: { count: number; now: Date; random: Random }): DemoUser[] {
  const signUp = () => new Date(now.getTime() - random.int(31 * dayMs, 365 * dayMs));
  const users: DemoUser[] = [
    {
      id: 'u123',
      name: 'Alice',
      email: 'alice@streamshop.example',
      password: 'demo-alice-1',
      scopes: [],
      createdAt: signUp(),
    },
    {
      id: 'u456',
      name: 'Bob',
      email: 'bob@streamshop.example',
      password: 'demo-bob-2',
      scopes: ['analytics', 'xray'],
      createdAt: signUp(),
    },
  ];
  for (let number = 1001; users.length < count; number++) {
    const region = random.pick(namesByRegion);
    const name = `${random.pick(region.given)} ${random.pick(region.family)}`;
    users.push({ id: `u${number}`, name, email: emailOf(name, number), scopes: [], createdAt: signUp() });
  }
  return users;
}

/** The number keeps namesakes apart. */
const emailOf = (name: string, number: number) =>
  `${name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(' ', '.')}.${number}@streamshop.example`;
