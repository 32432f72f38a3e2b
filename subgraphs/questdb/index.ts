import type { Room } from '../../gateway/room.ts';
import { resolvers } from './resolvers.ts';
import { questdbSink } from './sink.ts';
import { openQuestDb } from './store.ts';

/** QuestDB: how well movies play, over time. */
export const questdb: Room = {
  name: 'questdb',
  resolvers,
  consumes: ['playback.reported'],
  open({ settings }) {
    const store = openQuestDb(settings.questdb);
    return { store, sink: questdbSink(store) };
  },
};
