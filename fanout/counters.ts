import { Counter, Gauge, Histogram } from 'prom-client';
import { registry } from '../gateway/registry.ts';
import { topics } from '../schema/events/index.ts';
import { type FanoutNews, fanoutNews, type RetryReason } from './observe.ts';

const registers = [registry];
const leading = new Gauge({
  name: 'streamshop_relay_leading',
  help: 'Whether the relay of this process is the one that works on the outbox.',
  labelNames: ['outbox'],
  registers,
});
const published = new Counter({
  name: 'streamshop_events_published_total',
  help: 'Events that the relays published.',
  labelNames: ['topic'],
  registers,
});
const commitToApplied = new Histogram({
  name: 'streamshop_sink_commit_to_applied_seconds',
  help: "From an event's time to the moment when a reader of the store sees it; a replay counts events at their old age.",
  // The aim is a p99 below two seconds; after an outage it is minutes.
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800],
  labelNames: ['sink'],
  registers,
});
const retries = new Counter({
  name: 'streamshop_sink_retries_total',
  help: 'Batches that are tried again: because the store was down, cut in half to find what is at fault, or one event alone.',
  labelNames: ['sink', 'reason'],
  registers,
});
const deadLetters = new Counter({
  name: 'streamshop_sink_dead_letters_total',
  help: 'Messages that became dead letters.',
  labelNames: ['sink'],
  registers,
});
const rewinds = new Counter({
  name: 'streamshop_sink_rewinds_total',
  help: 'Times that a store had lost events and was fed again from before.',
  labelNames: ['sink'],
  registers,
});

const retryReasons: readonly RetryReason[] = ['store', 'batch', 'event'];
const isTopic = new Set<string>(topics);

/** Counts what the relays and sinks of this process do. All begin at zero, so that a rate sees the first of each. */
export function countFanout(outboxes: readonly string[], sinks: readonly string[]): void {
  for (const outbox of outboxes) leading.set({ outbox }, 0);
  if (outboxes.length > 0) for (const topic of topics) published.inc({ topic }, 0);
  for (const sink of sinks) {
    commitToApplied.zero({ sink });
    deadLetters.inc({ sink }, 0);
    rewinds.inc({ sink }, 0);
    for (const reason of retryReasons) retries.inc({ sink, reason }, 0);
  }
  fanoutNews.subscribe((message) => {
    const news = message as FanoutNews;
    (counting[news.what] as (news: FanoutNews) => void)(news);
  });
}

const counting: { [What in FanoutNews['what']]: (news: Extract<FanoutNews, { what: What }>) => void } = {
  leading: ({ outbox, isLeading }) => leading.set({ outbox }, isLeading ? 1 : 0),
  published: ({ topic }) => published.inc({ topic: isTopic.has(topic) ? topic : 'other' }),
  retried: ({ sink, reason }) => retries.inc({ sink, reason }),
  buried: ({ sink }) => deadLetters.inc({ sink }),
  rewound: ({ sink }) => rewinds.inc({ sink }),
  applied({ sink, events }) {
    const now = Date.now();
    for (const { time } of events) {
      // Clocks of two machines may differ.
      commitToApplied.observe({ sink }, Math.max(0, (now - Date.parse(time)) / 1_000));
    }
  },
};
