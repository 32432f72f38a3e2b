import { ask, bearer, GatewayUnreachable } from '../graphql.ts';

export type SinkStatus = 'PENDING' | 'APPLIED' | 'DEAD' | 'NOT_CONSUMED';

export interface Sink {
  name: string;
  status: SinkStatus;
  lagMs: number | null;
}

/** Where an event stands. */
export interface EventPlace {
  type: string | null;
  topic: string | null;
  partition: number | null;
  offset: string | null;
  publishedAt: string | null;
  /** Null where Kafka cannot be asked. */
  sinks: Sink[] | null;
}

/** An event on its way. */
export interface Progress {
  place: EventPlace | null;
  /** Milliseconds from the mutation's answer until a sink was first seen to have applied the event, by name. */
  arrivalsMs: Record<string, number>;
  /** Nothing is waited for any more: every sink has applied it, is dead, or does not consume it. */
  isSettled: boolean;
  /** Why nobody looks any more, for a reader; null while somebody does, and when all has arrived. */
  problem: string | null;
}

export const notYet: Progress = { place: null, arrivalsMs: {}, isSettled: false, problem: null };

const query = `query FollowEvent($id: ID!) {
  event(id: $id) {
    type
    topic
    partition
    offset
    publishedAt
    sinks {
      name
      status
      lagMs
    }
  }
}`;

/** The first looks follow each other quickly, the later ones ever more slowly. */
export const delayMsBefore = (look: number): number => (look < 20 ? 100 : Math.min(100 * 1.5 ** (look - 19), 2_000));

const giveUpAfterMs = 120_000;

/** Adds one look to what is known. */
export function withLook(progress: Progress, place: EventPlace, elapsedMs: number): Progress {
  const arrivalsMs = { ...progress.arrivalsMs };
  for (const { name, status } of place.sinks ?? []) if (status === 'APPLIED') arrivalsMs[name] ??= elapsedMs;
  const isSettled = place.sinks?.every(({ status }) => status !== 'PENDING') ?? false;
  return { place, arrivalsMs, isSettled, problem: null };
}

export interface FollowOptions {
  /** Whose event it is: nobody else may ask for it. */
  token: string | undefined;
  /** When the mutation's answer was there, on the clock of `performance.now()`. */
  answeredAtMs: number;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** Looks after an event until every sink has done with it, or `signal` ends it; tells of each look. */
export async function followEvent(
  id: string,
  { token, answeredAtMs, signal, onProgress }: FollowOptions,
): Promise<void> {
  let progress = notYet;
  for (let look = 0; !signal.aborted && !progress.isSettled && !progress.problem; look++) {
    const elapsedMs = performance.now() - answeredAtMs;
    progress = await lookAt();
    if (signal.aborted) return;
    if (!progress.isSettled && elapsedMs > giveUpAfterMs) {
      progress = { ...progress, problem: 'It takes long. The sinks that wait may be stopped: npm run stack -- status' };
    }
    onProgress(progress);
    await new Promise((resolve) => setTimeout(resolve, delayMsBefore(look + 1)));
  }

  async function lookAt(): Promise<Progress> {
    try {
      const { data, errors } = await ask({ query, variables: { id } }, bearer(token));
      const place = data?.event as EventPlace | null | undefined;
      if (place) return withLook(progress, place, performance.now() - answeredAtMs);
      return { ...progress, problem: errors?.[0]?.message ?? 'Only who caused an event can follow it: log in first.' };
    } catch (error) {
      if (error instanceof GatewayUnreachable) return { ...progress, problem: error.message };
      throw error;
    }
  }
}
