import { type FormEvent, type RefObject, useRef, useState } from 'react';
import { CloseButton } from './parts/close-button.tsx';
import { demoLogins, logIn, logOut, session } from './session.ts';
import { useValue } from './state.ts';

/** The id of the button that opens the form, for others that send people there. */
export const loginButtonId = 'log-in';

/** Who is logged in, with the way out; for a visitor, the way in. One button for both keeps the focus where it is. */
export function Login() {
  const who = useValue(session);
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <div className="who">
      {who && (
        <>
          <Avatar name={who.name} />
          <span>{who.name}</span>
        </>
      )}
      <button
        id={loginButtonId}
        type="button"
        className={who ? 'button' : 'button primary'}
        onClick={() => (who ? logOut() : dialog.current?.showModal())}
      >
        {who ? 'Log out' : 'Log in'}
      </button>
      <LoginDialog dialog={dialog} />
    </div>
  );
}

function Avatar({ name }: { name: string }) {
  return (
    <span className="avatar" aria-hidden="true">
      {name.slice(0, 1)}
    </span>
  );
}

function LoginDialog({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  const tryLogin = async (credentials: { email: string; password: string }) => {
    setIsBusy(true);
    setProblem(null);
    try {
      await logIn(credentials);
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setIsBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    tryLogin({ email: String(form.get('email')), password: String(form.get('password')) });
  };

  return (
    <dialog ref={dialog} className="login" aria-labelledby="login-title" onClose={() => setProblem(null)}>
      <header className="pane-header">
        <h2 id="login-title">Log in</h2>
        <CloseButton label="Close" onClick={() => dialog.current?.close()} />
      </header>
      <div className="demo-logins">
        {demoLogins.map(({ name, email, password, hint }) => (
          <button
            key={email}
            type="button"
            className="demo-login"
            disabled={isBusy}
            onClick={() => tryLogin({ email, password })}
          >
            <Avatar name={name} />
            <span>
              Demo: {name}
              <small>{hint}</small>
            </span>
          </button>
        ))}
      </div>
      <form onSubmit={submit}>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {problem && (
          <p className="bad" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="button primary" disabled={isBusy}>
          {isBusy ? 'Logging in …' : 'Log in'}
        </button>
      </form>
    </dialog>
  );
}
