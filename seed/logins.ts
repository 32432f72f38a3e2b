import type { Settings } from '../config.ts';
import { closing } from '../gateway/open.ts';
import { importUsers } from '../subgraphs/postgres/commands.ts';
import { openPostgres } from '../subgraphs/postgres/store.ts';
import { createRandom } from './generate/random.ts';
import { createUsers } from './generate/users.ts';

/** Makes the demo's two logins, Alice and Bob, without any of the demo's data. */
export async function loadLogins(settings: Settings): Promise<void> {
  await using postgres = closing(openPostgres(settings.postgres));
  const users = createUsers({ count: 2, now: new Date(), random: createRandom('streamshop logins') });
  await importUsers(postgres.store, users);
}
