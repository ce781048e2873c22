import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface SlowClientsParts {
  /** Time that everybody has, before speed counts. */
  readonly graceSeconds: number;
  /** Slower than this is not a slow connection any more, but one that is held open. */
  readonly bytesPerSecond: number;
}

/** Ends what clients hold open by sending or reading next to nothing. */
export interface SlowClients {
  /** Looks after a connection whose client may not read what it asked for. */
  watch(socket: Socket): void;
  /** From now on the client of this connection may take its time: a tunnel. */
  spare(socket: Socket): void;
  /** The same until this answer is over: a stream. */
  spareDuring(response: ServerResponse, socket: Socket): void;
  /** Looks after the body of a request until it is there. `cut` is called once, when it comes too slowly. */
  watchUpload(message: IncomingMessage, cut: () => void): void;
  close(): void;
}

interface Upload {
  readonly message: IncomingMessage;
  readonly cut: () => void;
  readonly bytesBefore: number;
  waitedSeconds: number;
}

interface Reader {
  /** What was left to be read when we last looked. */
  left: number;
  waitedSeconds: number;
}

/**
 * Builds the watch: it looks every second or oftener, and costs nothing in between. Only time counts in which the client
 * is the one who is waited for; a slow service or a busy process of ours is not its fault.
 */
export function createSlowClients({ graceSeconds, bytesPerSecond }: SlowClientsParts): SlowClients {
  const uploads = new Set<Upload>();
  const readers = new Map<Socket, Reader>();
  const intervalSeconds = Math.min(1, graceSeconds / 4);
  let lookedAt = performance.now();

  const look = (): void => {
    const at = performance.now();
    const seconds = Math.min((at - lookedAt) / 1000, 2 * intervalSeconds);
    lookedAt = at;
    for (const upload of uploads) {
      if (upload.message.complete || upload.message.destroyed) uploads.delete(upload);
      else if (isTooSlow(upload, seconds)) {
        uploads.delete(upload);
        upload.cut();
      }
    }
    for (const [socket, reader] of readers) if (isNotReading(socket, reader, seconds)) socket.destroy();
  };

  const isTooSlow = (upload: Upload, seconds: number): boolean => {
    const { message, bytesBefore } = upload;
    const isClientsTurn = message.readableLength === 0 && !message.isPaused();
    if (isClientsTurn) upload.waitedSeconds += seconds;
    return upload.waitedSeconds > graceSeconds + (message.socket.bytesRead - bytesBefore) / bytesPerSecond;
  };

  const isNotReading = (socket: Socket, reader: Reader, seconds: number): boolean => {
    const left = socket.writableLength;
    reader.waitedSeconds = left > 0 && left === reader.left ? reader.waitedSeconds + seconds : 0;
    reader.left = left;
    // A large piece is known to be read only when all of it is.
    return reader.waitedSeconds > graceSeconds + left / bytesPerSecond;
  };

  const timer = setInterval(look, intervalSeconds * 1000).unref();

  return {
    watch: (socket) => {
      readers.set(socket, { left: 0, waitedSeconds: 0 });
      socket.once('close', () => readers.delete(socket));
    },
    spare: (socket) => void readers.delete(socket),
    spareDuring: (response, socket) => {
      if (!readers.delete(socket)) return;
      response.once('close', () => {
        if (!socket.destroyed) readers.set(socket, { left: 0, waitedSeconds: 0 });
      });
    },
    watchUpload: (message, cut) => {
      uploads.add({ message, cut, bytesBefore: message.socket.bytesRead, waitedSeconds: 0 });
    },
    close: () => clearInterval(timer),
  };
}
