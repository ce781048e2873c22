import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeFrameOf, goingAwayFrame, pingFrame } from './control-frames.ts';
import { FrameBoundary } from './frame-boundary.ts';
import { OwnPongs } from './own-pongs.ts';
import type { StreamEnd } from './stream-end.ts';

/** Two connections that became one. */
export interface Tunnel {
  /** Says the close frame of this end to the client, and ends both connections. */
  end(end: StreamEnd): void;
  /** Sends a ping, where one may stand. */
  beat(): void;
}

/** How long one end may take to read what is left, and to go, after the other has gone. */
const halfOpenMilliseconds = 5000;

/** How long both ends may take when the gateway has ended the tunnel. */
const cutMilliseconds = 750;

/** How long the frame under way may take to its end, behind which the close frame stands. */
const frameMilliseconds = 250;

const keepAliveMilliseconds = 30_000;

/**
 * Makes one connection of two: bytes flow both ways as fast as the slower end reads, and the end of one ends the other.
 * `onPassed` is called for whatever passes to the client.
 */
export function openTunnel(client: Socket, upstream: Duplex, onPassed: () => void): Tunnel {
  // Tunnels may be silent for as long as they like; only the system can tell a silent peer from a vanished one.
  client.setKeepAlive(true, keepAliveMilliseconds);
  const pongs = new OwnPongs();
  const toClient = new Direction(upstream, client, onPassed);
  const toUpstream = new Direction(client, upstream, () => {}, pongs);
  let isEnded = false;

  return {
    end: (end) => {
      if (isEnded) return;
      isEnded = true;
      // Nothing more is sent for a caller whose session ended; and the client is read on, so that its own close
      // frame finds no closed socket, whose reset would take ours with it.
      const isWhole = toUpstream.stop();
      if (isWhole) upstream.write(goingAwayFrame());
      toClient.stopAtBoundary(() => {
        if (client.writable) client.end(closeFrameOf(end));
        upstream.end();
        upstream.resume();
        cut(client, cutMilliseconds);
        cut(upstream, cutMilliseconds);
      });
    },
    beat: () => {
      if (isEnded || !toClient.isAtBoundary || client.writableNeedDrain || !client.writable) return;
      client.write(pingFrame);
      pongs.expect();
    },
  };
}

/** One direction of a tunnel. */
class Direction {
  readonly #boundary = new FrameBoundary();
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #pongs: OwnPongs | undefined;
  #state: 'passing' | 'stopping' | 'stopped' = 'passing';
  #onStopped: () => void = () => {};

  constructor(from: Duplex, to: Duplex, onPassed: () => void, pongs?: OwnPongs) {
    this.#from = from;
    this.#to = to;
    this.#pongs = pongs;
    from.on('data', (piece: Buffer) => {
      if (this.#state === 'stopped') return;
      onPassed();
      this.#pass(piece);
    });
    to.on('drain', () => from.resume());
    // A broken connection is closed by the system; 'close' is what follows.
    from.on('error', () => {});
    // Half a WebSocket is of no use: an end that has sent all may read what is left, but not wait for ever.
    from.once('end', () => {
      to.end();
      cut(to, halfOpenMilliseconds);
      this.#stopped();
    });
    from.once('close', () => {
      if (to.writableFinished) to.destroy();
      else {
        to.once('finish', () => to.destroy());
        to.end();
        cut(to, halfOpenMilliseconds);
      }
      this.#stopped();
    });
  }

  get isAtBoundary(): boolean {
    return this.#boundary.isReached;
  }

  /** Passes nothing more, and reads on. Returns whether what was passed ended with a whole frame. */
  stop(): boolean {
    this.#state = 'stopped';
    this.#from.resume();
    return this.#boundary.isReached && this.#to.writable;
  }

  /** Passes the frame that is under way, if it ends soon, and nothing more. */
  stopAtBoundary(onStopped: () => void): void {
    if (this.#state === 'stopped' || this.#boundary.isReached) {
      this.#state = 'stopped';
      onStopped();
      return;
    }
    this.#onStopped = onStopped;
    this.#state = 'stopping';
    const late = setTimeout(() => {
      // In the middle of a frame nothing can be said that would be understood.
      if (this.#state === 'stopping') this.#to.destroy();
      this.#stopped();
    }, frameMilliseconds);
    this.#to.once('close', () => clearTimeout(late));
  }

  #pass(piece: Buffer): void {
    if (this.#pongs?.isAwaited === true) {
      const mayGoOn = this.#pongs.pass(piece, this.#boundary, (part) => this.#to.write(part));
      if (!mayGoOn) this.#from.pause();
      return;
    }
    const { length } = piece;
    const followed = this.#boundary.follow(piece, this.#state === 'stopping');
    const isWritable = this.#to.write(followed === length ? piece : piece.subarray(0, followed));
    if (this.#state === 'stopping' && this.#boundary.isReached) this.#stopped();
    else if (!isWritable) this.#from.pause();
  }

  #stopped(): void {
    const wasStopping = this.#state === 'stopping';
    this.#state = 'stopped';
    if (wasStopping) this.#onStopped();
  }
}

function cut(socket: Duplex, milliseconds: number): void {
  const timer = setTimeout(() => socket.destroy(), milliseconds);
  socket.once('close', () => clearTimeout(timer));
}
