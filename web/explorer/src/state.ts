import { useSyncExternalStore } from 'react';

/** A value that components and plain functions share; whoever subscribes hears of each change. */
export interface State<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

/** Makes one; it lives as long as the page. */
export function createState<T>(initial: T): State<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * One that is still there after a reload. A browser that refuses storage, as in some private windows, only forgets.
 * @param key under which `storage` keeps it as JSON
 */
export function createStoredState<T>(storage: () => Storage, key: string, initial: T): State<T> {
  const state = createState(initial);
  try {
    const stored = storage().getItem(key);
    if (stored !== null) state.set(JSON.parse(stored) as T);
  } catch {
    // What cannot be read counts as never stored.
  }
  state.subscribe(() => {
    try {
      storage().setItem(key, JSON.stringify(state.get()));
    } catch {
      // Kept until the page is left.
    }
  });
  return state;
}

/** The value of a state, in a component. */
export const useValue = <T>(state: State<T>): T => useSyncExternalStore(state.subscribe, state.get);
