import { createPosts, type Post } from './posts.ts';
import { createRandom, type Random } from './random.ts';
import type { Scene } from './scene.ts';
import { replies } from './texts.ts';
import type { DemoUser } from './users.ts';

export interface Comment {
  id: string;
  postId: string;
  authorId: string;
  body: string;
  createdAt: Date;
}

/** What Alice's post p999 gets at least; Bob's is the second. */
const repliesToAlice = [
  { body: 'Twice? I have lost count.' },
  { authorId: 'u456', body: 'Wait until you see it whole. Then watch it again.' },
  { body: 'The music alone is worth the ticket.' },
];

/** One to five comments on every post by others than its author, post after post, a post's oldest first. */
export function* createComments(scene: Scene): Generator<Comment> {
  const random = createRandom(`${scene.seed} comments`);
  let number = 1001;
  for (const post of createPosts(scene)) {
    const others = scene.users.filter(({ id }) => id !== post.authorId);
    const scripted = post.id === 'p999' ? repliesToAlice : [];
    const count = Math.max(random.int(1, 5), scripted.length);
    for (const [index, createdAt] of timesAfter(post, { count, now: scene.now }, random).entries()) {
      const comment = { authorId: random.pick<DemoUser>(others).id, body: random.pick(replies), ...scripted[index] };
      yield { id: `c${number++}`, postId: post.id, ...comment, createdAt };
    }
  }
}

/** Moments between the post and now, in order; more of them soon after the post. */
function timesAfter({ createdAt }: Post, { count, now }: { count: number; now: Date }, random: Random): Date[] {
  const ageMs = now.getTime() - createdAt.getTime();
  const delays = Array.from({ length: count }, () => 1 + Math.floor((ageMs - 1) * random.next() ** 3));
  return delays.toSorted((a, b) => a - b).map((delayMs) => new Date(createdAt.getTime() + delayMs));
}
