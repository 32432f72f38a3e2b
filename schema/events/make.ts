import { v7 as uuidv7 } from 'uuid';
import { currentTraceparent, isTraced } from '../../gateway/tracing.ts';
import { type EventData, type EventType, eventTypes, type StreamEventOf } from './index.ts';

/** An event and the key of its Kafka message: messages of one key stay in order. */
export interface KeyedEvent {
  key: string;
  event: StreamEventOf<EventType>;
}

/** What a command knows of its event. */
export interface EventParts<T extends EventType> {
  key: string;
  /** The aggregate's id. */
  subject: string;
  /** The aggregate's version after the event. */
  version: number;
  /** The user who caused it; null where the system did. */
  actor: string | null;
  data: EventData<T>;
}

/**
 * Makes the CloudEvent of a change that is about to be written.
 * @throws ZodError when the data is not what the event's schema says
 */
export function makeEvent<T extends EventType>(
  source: StreamEventOf<T>['source'],
  type: T,
  { key, ...parts }: EventParts<T>,
): KeyedEvent {
  const data = eventTypes[type].data.parse(parts.data) as EventData<T>;
  const event: StreamEventOf<T> = {
    specversion: '1.0',
    id: uuidv7(),
    source,
    type,
    time: new Date().toISOString(),
    ...parts,
    ...(isTraced() && { traceparent: currentTraceparent() }),
    data,
  };
  return { key, event };
}
