import { isReachable, lastAnswer } from './fetcher.ts';
import { count } from './format.ts';
import { loginButtonId } from './login.tsx';
import { logOut, session } from './session.ts';
import { useValue } from './state.ts';

/** What stands in the way of a whole answer, and what to do about it. */
export function Notices() {
  const isThere = useValue(isReachable);
  const answer = useValue(lastAnswer);
  const who = useValue(session);
  const unauthenticated = answer?.unauthenticated ?? 0;
  return (
    <div className="notices" role="status">
      {!isThere && (
        <p className="notice bad">
          The gateway does not answer. Start it with <code>npm start</code>, then run again.
        </p>
      )}
      {isThere && unauthenticated > 0 && !who && (
        <p className="notice">
          {count(unauthenticated, 'field wants', 'fields want')} to know who asks; the rest is answered.{' '}
          <button type="button" className="link" onClick={() => document.getElementById(loginButtonId)?.click()}>
            Log in
          </button>
          , then run again.
        </p>
      )}
      {isThere && unauthenticated > 0 && who && (
        <p className="notice">
          The session of {who.name} is over.{' '}
          <button type="button" className="link" onClick={logOut}>
            Log out
          </button>
          , then log in again.
        </p>
      )}
    </div>
  );
}
