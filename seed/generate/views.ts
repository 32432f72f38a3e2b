import { createPosts } from './posts.ts';
import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';

/** Somebody opened a post. */
export interface PostView {
  userId: string;
  postId: string;
  viewedAt: Date;
}

/** Each post is opened three to twelve times, mostly soon after it was written; post after post. */
export function* createPostViews(scene: Scene): Generator<PostView> {
  const random = createRandom(`${scene.seed} views`);
  for (const { id: postId, createdAt } of createPosts(scene)) {
    const ageMs = scene.now.getTime() - createdAt.getTime();
    for (let count = random.int(3, 12); count > 0; count--) {
      const viewedAt = new Date(createdAt.getTime() + Math.floor((ageMs - 1) * random.next() ** 3));
      yield { userId: random.pick(scene.users).id, postId, viewedAt };
    }
  }
}
