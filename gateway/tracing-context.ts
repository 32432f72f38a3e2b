import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * OpenTelemetry's context kept in the given storage, which other observers can then bind as well: the manager of
 * @opentelemetry/context-async-hooks keeps its storage to itself.
 */
export function contextManagerOver(storage: AsyncLocalStorage<Context>): ContextManager {
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, work, ...call) => {
      const [receiver, ...args] = call;
      return storage.run(context, () => work.apply(receiver, args));
    },
    bind: (context, target) =>
      typeof target === 'function'
        ? (((...args: unknown[]) => storage.run(context, () => target(...args))) as typeof target)
        : target,
    enable: () => manager,
    disable: () => {
      storage.disable();
      return manager;
    },
  };
  return manager;
}
