import { useEffect, useState } from 'react';
import type { Write } from '../answer.ts';
import { lastWrite } from '../fetcher.ts';
import { count, formatMs } from '../format.ts';
import { CloseButton } from '../parts/close-button.tsx';
import { StoreName } from '../parts/store-name.tsx';
import { useValue } from '../state.ts';
import { followEvent, notYet, type Progress, type Sink } from './follow-event.ts';

/** After a mutation: how its events reach the derived stores. Nothing before the first. */
export function FanoutPanel() {
  const write = useValue(lastWrite);
  const [closed, setClosed] = useState<Write | null>(null);
  if (!write || write === closed) return null;
  const close = () => setClosed(write);
  return (
    <section
      className="panel fanout"
      aria-labelledby="fanout-title"
      onKeyDown={({ key }) => key === 'Escape' && close()}
    >
      <header className="pane-header">
        <h2 id="fanout-title">Fan-out</h2>
        <CloseButton label="Close the fan-out" onClick={close} />
      </header>
      {write.eventIds.map((id) => (
        <FollowedEvent key={`${id} ${write.answeredAtMs}`} id={id} write={write} />
      ))}
    </section>
  );
}

function FollowedEvent({ id, write }: { id: string; write: Write }) {
  const [progress, setProgress] = useState<Progress>(notYet);
  useEffect(() => {
    const abort = new AbortController();
    const { token, answeredAtMs } = write;
    followEvent(id, { token, answeredAtMs, signal: abort.signal, onProgress: setProgress });
    return () => abort.abort();
  }, [id, write]);

  const { place, arrivalsMs, problem } = progress;
  const slowestMs = Math.max(...Object.values(arrivalsMs), 1);
  return (
    <div className="event">
      <p className="event-place">
        <strong>{place?.type ?? 'event'}</strong>
        {place?.topic
          ? ` → ${place.topic}, partition ${place.partition}, offset ${place.offset}`
          : ' is to be published'}
      </p>
      <p className={problem ? 'bad' : 'event-summary'} role="status" aria-live="polite">
        {problem ?? summaryOf(progress)}
      </p>
      <ol className="sinks">
        {place?.sinks?.map((sink) => (
          <SinkRow key={sink.name} sink={sink} arrivalMs={arrivalsMs[sink.name] ?? null} slowestMs={slowestMs} />
        ))}
      </ol>
    </div>
  );
}

function summaryOf({ place, arrivalsMs, isSettled }: Progress): string {
  const consuming = place?.sinks?.filter(({ status }) => status !== 'NOT_CONSUMED') ?? [];
  const arrived = Object.values(arrivalsMs);
  if (!place?.sinks) return 'Looking after it …';
  if (!isSettled) return `${arrived.length} of ${count(consuming.length, 'sink')}`;
  const dead = consuming.filter(({ status }) => status === 'DEAD').length;
  if (dead > 0) return `${count(dead, 'sink')} could not apply it: a dead letter waits for npm run fanout -- redrive.`;
  return `All ${count(arrived.length, 'sink')} have applied it, the last ${formatMs(Math.max(...arrived, 0))} after the answer.`;
}

const words: Record<Sink['status'], string> = {
  PENDING: 'waits',
  APPLIED: 'applied',
  DEAD: 'dead letter',
  NOT_CONSUMED: 'not for it',
};

function SinkRow({ sink, arrivalMs, slowestMs }: { sink: Sink; arrivalMs: number | null; slowestMs: number }) {
  return (
    <li className="sink" data-status={sink.status}>
      <StoreName store={sink.name} />
      <span className="sink-track">
        {arrivalMs !== null && <span className="sink-bar" style={{ width: `${(arrivalMs / slowestMs) * 100}%` }} />}
      </span>
      <span className="sink-word">{words[sink.status]}</span>
      <span className="duration">{arrivalMs !== null && formatMs(arrivalMs)}</span>
    </li>
  );
}
