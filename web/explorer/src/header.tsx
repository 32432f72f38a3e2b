import { isXrayOn } from './fetcher.ts';
import icon from './icon.svg';
import { Login } from './login.tsx';
import { useValue } from './state.ts';

/** The page's name, the switch for X-rays, and who is logged in. */
export function Header() {
  const isOn = useValue(isXrayOn);
  return (
    <header className="app-header">
      <h1>
        <img src={icon} alt="" width="28" height="28" />
        StreamShop <span>explorer</span>
      </h1>
      <button type="button" role="switch" className="switch" aria-checked={isOn} onClick={() => isXrayOn.set(!isOn)}>
        <span className="switch-track" aria-hidden="true" />
        X-ray
      </button>
      <Login />
    </header>
  );
}
