import type { Settings } from '../../config.ts';
import { chunks } from '../../gateway/batches.ts';
import { codeOf } from '../../gateway/errors.ts';
import { closing } from '../../gateway/open.ts';
import { importPostViews, reportPlaybacks } from '../../subgraphs/kafka/commands.ts';
import { openKafka } from '../../subgraphs/kafka/store.ts';
import { importComments, importPosts, importProfiles, votePoll } from '../../subgraphs/mongo/commands.ts';
import { openMongo } from '../../subgraphs/mongo/store.ts';
import {
  changeFollows,
  changeLikes,
  changeMovies,
  importUsers,
  recordWatches,
} from '../../subgraphs/postgres/commands.ts';
import type { PostgresStore } from '../../subgraphs/postgres/store.ts';
import { putMedia } from '../../subgraphs/s3/commands.ts';
import { openS3 } from '../../subgraphs/s3/store.ts';
import type { Film } from '../films.ts';
import type { Demo } from '../generate.ts';
import { posterSvg } from '../poster.ts';
import { trailerMp4 } from '../video.ts';
import type { LoadRecord } from './record.ts';

/** What a step works with. */
export interface Job {
  settings: Settings;
  films: Film[];
  demo: Demo;
  postgres: PostgresStore;
  record: LoadRecord;
  /** Keeps the record as it is now. */
  save(): void;
  onProgress(text: string): void;
}

/** A part of the demo data. Interrupted, it is repeated from its beginning; what is there already stays as it is. */
export interface Step {
  name: string;
  /** The store that it fills. Where that is left out, the step waits for a start with it. */
  store: 'postgres' | 's3' | 'mongo' | 'kafka';
  load(job: Job): Promise<void>;
}

/** In the order in which they are loaded: nobody watches a film that is not there. */
export const steps: Step[] = [
  {
    name: 'catalogue',
    store: 'postgres',
    async load(job) {
      await changeMovies(job.postgres, job.films);
      await inBatches(job, { of: job.demo.users, what: `users and ${job.films.length} films` }, (users) =>
        importUsers(job.postgres, users),
      );
    },
  },
  { name: 'media', store: 's3', load: loadMedia },
  {
    name: 'watches',
    store: 'postgres',
    load: (job) =>
      inBatches(job, { of: job.demo.watches, what: 'watches' }, (watches) => recordWatches(job.postgres, watches)),
  },
  {
    name: 'follows',
    store: 'postgres',
    load: (job) =>
      inBatches(job, { of: job.demo.follows, what: 'follows' }, (follows) =>
        changeFollows(
          job.postgres,
          follows.map((follow) => ({ ...follow, follows: true })),
        ),
      ),
  },
  {
    name: 'likes',
    store: 'postgres',
    load: (job) =>
      inBatches(job, { of: job.demo.likes, what: 'likes' }, (likes) =>
        changeLikes(
          job.postgres,
          likes.map((like) => ({ ...like, likes: true })),
        ),
      ),
  },
  { name: 'profiles', store: 'mongo', load: loadProfiles },
  { name: 'posts', store: 'mongo', load: loadPosts },
  { name: 'votes', store: 'mongo', load: loadVotes },
  { name: 'views', store: 'kafka', load: loadViews },
  { name: 'playback', store: 'kafka', load: loadPlayback },
];

/** A poster for every film, and the one short video for all that have something to stream: Inception. */
async function loadMedia({ settings, films, onProgress }: Job): Promise<void> {
  onProgress(`${films.length} posters and a video`);
  await using s3 = closing(openS3(settings.s3));
  const video = { kind: 'video', movieId: 'm101', body: await trailerMp4() } as const;
  const posters = films.map((film) => ({ kind: 'poster', movieId: film.id, body: posterSvg(film) }) as const);
  await putMedia(s3.store, [video, ...posters]);
}

async function loadPosts(job: Job): Promise<void> {
  await using mongo = closing(openMongo(job.settings.mongo));
  await inBatches(job, { of: job.demo.posts, what: 'posts' }, (posts) => importPosts(mongo.store, posts));
  await inBatches(job, { of: job.demo.comments, what: 'comments' }, (comments) =>
    importComments(mongo.store, comments),
  );
}

async function loadProfiles(job: Job): Promise<void> {
  await using mongo = closing(openMongo(job.settings.mongo));
  await inBatches(job, { of: job.demo.profiles, what: 'profiles' }, (profiles) =>
    importProfiles(mongo.store, profiles),
  );
}

async function loadVotes(job: Job): Promise<void> {
  await using mongo = closing(openMongo(job.settings.mongo));
  await inBatches(job, { of: job.demo.votes, what: 'votes' }, async (votes) => {
    for (const vote of votes) {
      await votePoll(mongo.store, vote).catch((error: unknown) => {
        // Posts of a folder that is older than polls have none, and others were deleted meanwhile.
        if (!['BAD_USER_INPUT', 'NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
      });
    }
  });
}

/** Views go straight to Kafka as well; see `loadPlayback`. A batch without its note is counted twice. */
async function loadViews(job: Job): Promise<void> {
  const { settings, demo, record, save } = job;
  await using kafka = closing(openKafka(settings.kafka, []));
  await inBatches(
    job,
    { of: Iterator.from(demo.postViews).drop(record.views), what: 'views of posts' },
    async (views) => {
      await importPostViews(kafka.store, views);
      record.views += views.length;
      save();
    },
  );
}

/**
 * Reports go straight to Kafka, which takes a repeated one as a new one. So it is noted after each batch how many it has. Of
 * a batch that an interruption left without its note, QuestDB makes the same rows again.
 */
async function loadPlayback(job: Job): Promise<void> {
  const { settings, demo, record, save } = job;
  await using kafka = closing(openKafka(settings.kafka, []));
  const missing = Iterator.from(demo.playbackMetrics).drop(record.reports);
  await inBatches(job, { of: missing, what: 'playback reports' }, async (reports) => {
    await reportPlaybacks(kafka.store, reports);
    record.reports += reports.length;
    save();
  });
}

const rowsPerBatch = 1_000;

async function inBatches<Row>(
  { onProgress }: Job,
  { of: rows, what }: { of: Iterable<Row>; what: string },
  write: (batch: Row[]) => Promise<unknown>,
): Promise<void> {
  let written = 0;
  for (const batch of chunks(rows, rowsPerBatch)) {
    await write(batch);
    written += batch.length;
    onProgress(`${written.toLocaleString('en')} ${what}`);
  }
}
