import { createPosts } from './posts.ts';
import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';

/** What somebody has voted for in the poll of a post. */
export interface Vote {
  userId: string;
  postId: string;
  /** The place of the option in the poll, from 0. */
  option: number;
}

/** A few of all users vote in each poll, three to twenty. */
export function* createVotes(scene: Scene): Generator<Vote> {
  const random = createRandom(`${scene.seed} votes`);
  const most = Math.min(20, 5 + Math.round(scene.users.length / 20));
  for (const { id: postId, poll } of createPosts(scene)) {
    if (!poll) continue;
    for (const { id: userId } of random.shuffle(scene.users).slice(0, random.int(3, most))) {
      yield { userId, postId, option: random.int(0, poll.options.length - 1) };
    }
  }
}
