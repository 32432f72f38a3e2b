import { ask, bearer, codeOf } from './graphql.ts';
import { createStoredState } from './state.ts';

/** Who is logged in on this page. */
export interface Session {
  token: string;
  name: string;
}

/** Null for a visitor. Kept in sessionStorage: each browser tab logs in by itself, and forgets when it is closed. */
export const session = createStoredState<Session | null>(() => sessionStorage, 'streamshop.session', null);

/** The accounts of the demo data, as `npm start` prints them. */
export const demoLogins = [
  { name: 'Alice', email: 'alice@streamshop.example', password: 'demo-alice-1', hint: 'watches films' },
  { name: 'Bob', email: 'bob@streamshop.example', password: 'demo-bob-2', hint: 'sees analytics' },
] as const;

const loginMutation = `mutation Login($input: LoginInput!) {
  login(input: $input) {
    token
    user {
      name
    }
  }
}`;

/**
 * Opens a session and makes it the page's.
 * @throws Error with a sentence for whoever tried
 */
export async function logIn({ email, password }: { email: string; password: string }): Promise<void> {
  const { data, errors } = await ask({ query: loginMutation, variables: { input: { email, password } } });
  const payload = data?.login as { token: string; user: { name: string | null } | null } | null | undefined;
  if (payload?.token) {
    session.set({ token: payload.token, name: payload.user?.name ?? email });
    return;
  }
  const error = errors?.[0];
  if (!error) throw new Error('The gateway answered without a token.');
  if (codeOf(error) !== 'UNAUTHENTICATED') throw new Error(error.message);
  throw new Error(
    demoLogins.some((demo) => demo.email === email && demo.password === password)
      ? 'This demo account does not exist here: the graph runs without the demo data.'
      : 'The e-mail address and the password do not belong together.',
  );
}

/** Ends the session here and, where the gateway can be reached, there. */
export async function logOut(): Promise<void> {
  const ending = session.get();
  session.set(null);
  if (ending) await ask({ query: 'mutation Logout { logout { loggedOut } }' }, bearer(ending.token)).catch(() => {});
}
