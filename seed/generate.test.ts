import { describe, expect, it } from 'vitest';
import { readFilms } from './films.ts';
import { type DemoSize, generate, type Watch } from './generate.ts';

const films = readFilms();
const now = new Date('2026-03-01T18:30:00Z');
const demoOf = (size: DemoSize) => generate({ size, now, films });
const runtimeSecondsOf = new Map(films.map((film) => [film.id, film.runtimeMinutes * 60]));
const thirtyDaysMs = 30 * 86_400_000;

/** The watches of each session in order; a session's watches share all but the last part of their keys. */
function sessionsOf(watches: Iterable<Watch>): Watch[][] {
  const sessions = Map.groupBy(watches, (watch) => watch.idempotencyKey.replace(/-\d+$/, ''));
  return [...sessions.values()];
}

describe('determinism', () => {
  it('gives the same data for the same size and now, and at every reading', () => {
    const first = demoOf('test');
    const second = demoOf('test');
    expect(second.users).toEqual(first.users);
    const parts = [
      ...([
        'profiles',
        'watches',
        'follows',
        'likes',
        'posts',
        'comments',
        'votes',
        'postViews',
        'playbackMetrics',
      ] as const),
    ];
    for (const part of parts) {
      const data = [...first[part]];
      expect(data.length).toBeGreaterThan(0);
      expect([...second[part]]).toEqual(data);
      expect([...first[part]]).toEqual(data);
    }
  });

  it('makes watches while they are read: the first of the largest size come at once', () => {
    const [first] = demoOf('bench').watches;
    expect(first?.action).toBe('PLAY');
  });
});

describe.each([
  { size: 'test', users: 30, watches: 1_500 },
  { size: 'demo', users: 300, watches: 30_000 },
  { size: 'bench', users: 3_000, watches: 300_000 },
] as const)('the size $size', ({ size, users, watches }) => {
  it(`has ${users} users and about ${watches} watches`, () => {
    const demo = demoOf(size);
    expect(demo.users).toHaveLength(users);
    let count = 0;
    for (const _ of demo.watches) count++;
    expect(count).toBeGreaterThan(watches * 0.95);
    expect(count).toBeLessThan(watches * 1.05);
  });
});

describe('users', () => {
  const { users } = demoOf('demo');

  it('have unique ids and e-mail addresses of plain letters under streamshop.example', () => {
    expect(new Set(users.map((user) => user.id)).size).toBe(users.length);
    expect(new Set(users.map((user) => user.email)).size).toBe(users.length);
    for (const { email } of users) expect(email).toMatch(/^[a-z0-9.-]+@streamshop\.example$/);
  });

  it('let only Alice and Bob log in', () => {
    expect(users.filter((user) => user.password !== undefined)).toMatchObject([
      { id: 'u123', email: 'alice@streamshop.example', password: 'demo-alice-1', scopes: [] },
      { id: 'u456', email: 'bob@streamshop.example', password: 'demo-bob-2', scopes: ['analytics', 'xray'] },
    ]);
  });

  it('signed up within the past year, before their first watch can be', () => {
    for (const { createdAt } of users) {
      const ageMs = now.getTime() - createdAt.getTime();
      expect(ageMs).toBeGreaterThan(thirtyDaysMs);
      expect(ageMs).toBeLessThanOrEqual(365 * 86_400_000);
    }
  });
});

describe('watches', () => {
  const demo = demoOf('demo');
  const watches = [...demo.watches];

  it('come in order of time, all within the 30 days before now', () => {
    let previous = now.getTime() - thirtyDaysMs;
    for (const { watchedAt } of watches) {
      expect(watchedAt.getTime()).toBeGreaterThanOrEqual(previous);
      previous = watchedAt.getTime();
    }
    expect(previous).toBeLessThan(now.getTime());
  });

  it('are of known users and films, each with a key of its own', () => {
    const ids = new Set(demo.users.map((user) => user.id));
    expect(watches.filter((watch) => !ids.has(watch.userId) || !runtimeSecondsOf.has(watch.movieId))).toEqual([]);
    expect(new Set(watches.map((watch) => watch.idempotencyKey)).size).toBe(watches.length);
  });

  it('form sessions: one PLAY, then PAUSE and SEEK, at last STOP unless now came first', () => {
    const sessions = sessionsOf(watches);
    const actions = sessions.map((session) => session.map((watch) => watch.action).join(' '));
    for (const text of actions) expect(text).toMatch(/^PLAY( PAUSE| SEEK)*( STOP)?$/);
    const underWay = actions.filter((text) => !text.endsWith('STOP'));
    expect(underWay.length).toBeGreaterThan(0);
    expect(underWay.length).toBeLessThan(sessions.length / 100);
  });

  it('move forward within the runtime, never watching more than position and clock allow', () => {
    for (const session of sessionsOf(watches)) {
      for (const [index, watch] of session.entries()) {
        expect(watch.positionSeconds).toBeLessThanOrEqual(runtimeSecondsOf.get(watch.movieId) ?? 0);
        const before = session[index - 1];
        if (!before) {
          expect(watch).toMatchObject({ action: 'PLAY', durationSeconds: 0 });
          continue;
        }
        const elapsedSeconds = (watch.watchedAt.getTime() - before.watchedAt.getTime()) / 1000;
        expect(watch.durationSeconds).toBeGreaterThanOrEqual(0);
        expect(watch.durationSeconds).toBeLessThanOrEqual(watch.positionSeconds - before.positionSeconds);
        expect(watch.durationSeconds).toBeLessThanOrEqual(elapsedSeconds);
        expect([watch.userId, watch.movieId]).toEqual([before.userId, before.movieId]);
      }
    }
  });

  it('show no user in two sessions at once', () => {
    for (const own of Map.groupBy(watches, (watch) => watch.userId).values()) {
      const starts = own.flatMap((watch, index) => (watch.action === 'PLAY' ? [index] : []));
      for (const start of starts.slice(1)) expect(own[start - 1]?.action).toBe('STOP');
    }
  });

  it('make Inception the most played film and leave the rest a long tail', () => {
    const plays = watches.filter((watch) => watch.action === 'PLAY');
    const views = [...Map.groupBy(plays, (watch) => watch.movieId)].map(([id, of]) => ({ id, count: of.length }));
    views.sort((a, b) => b.count - a.count);
    expect(views[0]?.id).toBe('m101');
    expect(views.length).toBeGreaterThan(films.length * 0.8);
    const topTenth = views.slice(0, films.length / 10).reduce((sum, { count }) => sum + count, 0);
    expect(topTenth / plays.length).toBeGreaterThan(0.3);
  });

  it('peak in the evening', () => {
    const plays = watches.filter((watch) => watch.action === 'PLAY');
    const within = (from: number, to: number) =>
      plays.filter(({ watchedAt }) => watchedAt.getUTCHours() >= from && watchedAt.getUTCHours() < to).length;
    expect(within(19, 23)).toBeGreaterThan(5 * within(2, 6));
  });
});

describe.each(['test', 'demo', 'bench'] as const)('the demo logins in the size %s', (size) => {
  const own = [...demoOf(size).watches].filter(({ userId }) => userId === 'u123' || userId === 'u456');

  it('have both watched Inception', () => {
    const viewers = own
      .filter((watch) => watch.movieId === 'm101' && watch.action === 'PLAY')
      .map(({ userId }) => userId);
    expect(new Set(viewers)).toEqual(new Set(['u123', 'u456']));
  });

  it('leave Alice with unfinished films and more than one page of history', () => {
    const alice = own.filter((watch) => watch.userId === 'u123');
    const last = new Map(alice.map((watch) => [watch.movieId, watch]));
    const unfinished = [...last.values()].filter(
      (watch) => watch.positionSeconds < 0.9 * (runtimeSecondsOf.get(watch.movieId) ?? 0),
    );
    expect(unfinished.length).toBeGreaterThanOrEqual(3);
    expect(alice.length).toBeGreaterThan(50);
  });
});

describe.each(['test', 'demo', 'bench'] as const)("Alice's page of Inception in the size %s", (size) => {
  const demo = demoOf(size);
  const posts = [...demo.posts];

  it('has friends who watched it', () => {
    const followees = [...demo.follows]
      .filter((follow) => follow.followerId === 'u123')
      .map((follow) => follow.followeeId);
    const viewers = new Set(
      [...demo.watches]
        .filter((watch) => watch.movieId === 'm101' && watch.action === 'PLAY')
        .map((watch) => watch.userId),
    );
    expect(followees).toContain('u456');
    expect(followees.filter((id) => viewers.has(id))).toContain('u456');
  });

  it('has a discussion of four posts or more, each with comments', () => {
    const discussion = posts.filter((post) => post.movieId === 'm101');
    expect(discussion.length).toBeGreaterThanOrEqual(4);
    const commented = new Set([...demo.comments].map((comment) => comment.postId));
    expect(discussion.filter((post) => !commented.has(post.id))).toEqual([]);
  });

  it('has measurements for every minute of the last hour, and for days', () => {
    const ages = [...demo.playbackMetrics]
      .filter((metric) => metric.movieId === 'm101')
      .map((metric) => now.getTime() - metric.measuredAt.getTime());
    const minutes = new Set(ages.map((age) => Math.floor(age / 60_000)).filter((minute) => minute < 60));
    expect(minutes.size).toBe(60);
    expect(new Set(ages.map((age) => Math.floor(age / 86_400_000))).size).toBeGreaterThan(7);
  });
});

describe('social data', () => {
  const demo = demoOf('test');
  const ids = new Set(demo.users.map((user) => user.id));
  const posts = new Map([...demo.posts].map((post) => [post.id, post]));

  it('has no follow twice and nobody following themselves; Alice follows Bob', () => {
    const follows = [...demo.follows];
    expect(new Set(follows.map((follow) => `${follow.followerId} ${follow.followeeId}`)).size).toBe(follows.length);
    expect(follows.filter((follow) => follow.followerId === follow.followeeId)).toEqual([]);
    expect(follows).toContainEqual(expect.objectContaining({ followerId: 'u123', followeeId: 'u456' }));
  });

  it('has follows and likes of the past 30 days, a like of a post only after the post', () => {
    for (const { changedAt } of [...demo.follows, ...demo.likes]) {
      expect(changedAt.getTime()).toBeGreaterThanOrEqual(now.getTime() - thirtyDaysMs);
      expect(changedAt.getTime()).toBeLessThan(now.getTime());
    }
    for (const { kind, targetId, changedAt } of demo.likes) {
      if (kind !== 'POST') continue;
      expect(changedAt.getTime()).toBeGreaterThanOrEqual(posts.get(targetId)?.createdAt.getTime() ?? Number.NaN);
    }
  });

  it("has Alice's post p999 about Inception, and posts of the past 30 days by known users, in order of time", () => {
    expect(posts.get('p999')).toMatchObject({ authorId: 'u123', movieId: 'm101', title: 'Trailer Reaction' });
    let previous = now.getTime() - thirtyDaysMs;
    for (const { authorId, createdAt } of posts.values()) {
      expect(ids).toContain(authorId);
      expect(createdAt.getTime()).toBeGreaterThanOrEqual(previous);
      previous = createdAt.getTime();
    }
    expect(previous).toBeLessThan(now.getTime());
  });

  it('has posts about no film, and attachments on some', () => {
    const all = [...posts.values()];
    expect(all.filter((post) => post.movieId === null).length).toBeGreaterThan(0);
    expect(all.filter((post) => post.movieId !== null && !runtimeSecondsOf.has(post.movieId))).toEqual([]);
    expect(all.filter((post) => post.attachments.length > 0).length).toBeGreaterThan(1);
  });

  it('has comments on every post by others, in order of time, after the post and before now', () => {
    const comments = [...demo.comments];
    expect(new Set(comments.map((comment) => comment.id)).size).toBe(comments.length);
    expect(new Set(comments.map((comment) => comment.postId))).toEqual(new Set(posts.keys()));
    for (const [postId, own] of Map.groupBy(comments, (comment) => comment.postId)) {
      const post = posts.get(postId);
      let previous = (post?.createdAt.getTime() ?? Number.NaN) + 1;
      for (const { authorId, createdAt, body } of own) {
        expect(ids).toContain(authorId);
        expect(authorId).not.toBe(post?.authorId);
        expect(body).not.toBe('');
        expect(createdAt.getTime()).toBeGreaterThanOrEqual(previous);
        previous = createdAt.getTime();
      }
      expect(previous).toBeLessThan(now.getTime());
    }
    const toAlice = comments.filter((comment) => comment.postId === 'p999');
    expect(toAlice.length).toBeGreaterThanOrEqual(3);
    expect(toAlice.map((comment) => comment.authorId)).toContain('u456');
  });

  it('likes only what exists, nothing twice', () => {
    const likes = [...demo.likes];
    const targets = {
      MOVIE: new Set(films.map((film) => film.id)),
      POST: new Set(posts.keys()),
      TAG: new Set(films.flatMap((film) => film.tags)),
    };
    expect(likes.filter((like) => !targets[like.kind].has(like.targetId))).toEqual([]);
    expect(new Set(likes.map((like) => `${like.userId} ${like.kind} ${like.targetId}`)).size).toBe(likes.length);
  });

  it('measures each watched stretch and what is being played, with plausible figures, nothing twice', () => {
    const metrics = [...demo.playbackMetrics];
    const stretches = [...demo.watches].filter((watch) => watch.durationSeconds > 0);
    expect(metrics).toHaveLength(stretches.length + 3 * 60);
    const keys = metrics.map(({ userId, movieId, measuredAt }) => `${userId} ${movieId} ${measuredAt.getTime()}`);
    expect(new Set(keys).size).toBe(metrics.length);
    for (const metric of metrics) {
      expect(ids).toContain(metric.userId);
      expect(metric.cdnNode.startsWith(metric.region)).toBe(true);
      expect(metric.averageBitrateKbps).toBeGreaterThan(1_000);
      expect(metric.averageBitrateKbps).toBeLessThan(20_000);
      expect(metric.measuredAt.getTime()).toBeLessThan(now.getTime());
    }
  });
});
