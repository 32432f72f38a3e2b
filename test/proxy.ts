import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a real server that a test can cut, as seen by a client: one server is down for one client only. */
export interface Proxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  address: string;
  /** How many connections are open. */
  connections(): number;
  /** Resets every connection and refuses new ones, as kill -9 of the server does. */
  cut(): Promise<void>;
  /** Passes nothing on, and closes nothing, as SIGSTOP of the server does. */
  freeze(): void;
  /** Ends `cut` and `freeze`. */
  mend(): Promise<void>;
}

/** Opens a way to a server that listens on this machine or elsewhere. */
export async function openProxy({ host, port }: { host: string; port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((inbound) => {
    const outbound = connect({ host, port });
    for (const [socket, peer] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
      socket.pipe(peer);
      if (isFrozen) socket.pause();
    }
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const own = await listen(0);
  const cut = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    address: `127.0.0.1:${own}`,
    connections: () => sockets.size / 2,
    cut,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    async mend() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(own);
    },
    [Symbol.asyncDispose]: cut,
  };
}
