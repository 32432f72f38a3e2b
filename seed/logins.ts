import type { Settings } from '../config.ts';
import { importUsers } from '../subgraphs/postgres/commands.ts';
import { openPostgres } from '../subgraphs/postgres/store.ts';
import { createRandom } from './generate/random.ts';
import { createUsers } from './generate/users.ts';

/** Makes the demo's two logins, Alice and Bob, without any of the demo's data. */
export async function loadLogins(settings: Settings): Promise<void> {
  const store = openPostgres(settings.postgres);
  try {
    await importUsers(store, createUsers({ count: 2, now: new Date(), random: createRandom('streamshop logins') }));
  } finally {
    await store.close();
  }
}
