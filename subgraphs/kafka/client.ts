/** A client of kafkajs that connects when it is first needed. */
export interface LazyClient<Client> {
  /**
   * Works with the connected client. When that fails, or its signal aborts, the client is replaced: kafkajs leaves dead
   * connections in its pool.
   */
  use<T>(work: (client: Client) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** @param connect makes and connects a client; cleans up after itself when it fails */
export function lazyClient<Client extends { disconnect(): Promise<void> }>(
  connect: () => Promise<Client>,
): LazyClient<Client> {
  let connecting: Promise<Client> | undefined;
  const drop = (failed: Promise<Client>) => {
    if (connecting === failed) connecting = undefined;
    failed.then((client) => client.disconnect()).catch(() => {});
  };
  return {
    async use(work, signal) {
      connecting ??= connect();
      const mine = connecting;
      const abandon = () => drop(mine);
      signal?.addEventListener('abort', abandon, { once: true });
      try {
        return await work(await mine);
      } catch (error) {
        drop(mine);
        throw error;
      } finally {
        signal?.removeEventListener('abort', abandon);
      }
    },
    async close() {
      const client = connecting;
      connecting = undefined;
      await client?.then((open) => open.disconnect()).catch(() => {});
    },
  };
}
