import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long one end may take to read what is left, and to go, after the other has gone. */
const farewellMilliseconds = 5000;

const keepAliveMilliseconds = 30_000;

/** Makes one connection of two: bytes flow both ways as fast as the slower end reads, and the end of one ends the other. */
export function joinSockets(client: Socket, upstream: Duplex): void {
  // Tunnels may be silent for as long as they like; only the system can tell a silent peer from a vanished one.
  client.setKeepAlive(true, keepAliveMilliseconds);
  pass(client, upstream);
  pass(upstream, client);
}

function pass(from: Duplex, to: Duplex): void {
  from.pipe(to);
  // A broken connection is closed by the system; 'close' is what follows.
  from.on('error', () => {});
  // Half a WebSocket is of no use: who has said all may hear a last word, but not wait for one for ever.
  from.once('end', () => cutAfterFarewell(to));
  from.once('close', () => {
    if (to.writableFinished) to.destroy();
    else {
      to.once('finish', () => to.destroy());
      to.end();
      cutAfterFarewell(to);
    }
  });
}

function cutAfterFarewell(socket: Duplex): void {
  const cut = setTimeout(() => socket.destroy(), farewellMilliseconds);
  socket.once('close', () => clearTimeout(cut));
}
