import { cssColorOf } from '../xray/stores.ts';

/** A store's name beside its colour. */
export function StoreName({ store }: { store: string }) {
  return (
    <span className="store-name">
      <span className="swatch" style={{ background: cssColorOf(store) }} />
      {store}
    </span>
  );
}
