import { judgePong, pongLength } from './control-frames.ts';
import type { FrameBoundary } from './frame-boundary.ts';

/**
 * Takes the answers to the gateway's own pings out of what a client says: an upstream that counts the pongs to its pings
 * would be told of one that it never sent. Everything else passes as it came, without being copied.
 *
 * Frames are looked at only while such an answer may come. Only a frame that may be one, and whose end has not arrived,
 * is kept back: 13 bytes at most.
 */
export class OwnPongs {
  #awaited = 0;
  #held: Buffer | undefined;

  /** Whether an answer may come. Otherwise nothing needs to go through here. */
  get isAwaited(): boolean {
    return this.#awaited > 0 || this.#held !== undefined;
  }

  /** A ping was sent. */
  expect(): void {
    this.#awaited++;
  }

  /** Passes a piece on, less the answers in it. The boundary follows what is passed. Returns what the last `write` did. */
  pass(arrived: Buffer, boundary: FrameBoundary, write: (piece: Buffer) => boolean): boolean {
    const piece = this.#held === undefined ? arrived : Buffer.concat([this.#held, arrived]);
    this.#held = undefined;
    let isWritable = true;
    let written = 0;
    const writeTo = (end: number): void => {
      if (end > written) isWritable = write(piece.subarray(written, end));
    };

    let index = 0;
    while (index < piece.length) {
      const verdict = boundary.isReached && this.#awaited > 0 ? judgePong(piece, index) : 'other';
      if (verdict === 'other') {
        index = boundary.follow(piece, true, index);
        continue;
      }
      writeTo(index);
      if (verdict === 'unknown') {
        // The rest of the piece must not be kept alive for the sake of these few bytes.
        this.#held = Buffer.from(piece.subarray(index));
        return isWritable;
      }
      this.#awaited--;
      index += pongLength;
      written = index;
    }
    writeTo(index);
    return isWritable;
  }
}
