/**
 * Follows the frames of one direction of a WebSocket as its bytes pass, and knows where one ends. Reads the headers of
 * frames only: no payload is copied, unmasked or judged.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-5.2 RFC 6455, section 5.2}
 */
export class FrameBoundary {
  /** Bytes of payload and mask that the frame still has; beyond 2^53 inexact, which no frame lives to see. */
  #remaining = 0;
  #phase: 'start' | 'length' | 'long-length' = 'start';
  #lengthBytes = 0;
  #length = 0;
  #maskBytes = 0;

  /** Whether a whole frame, or none, has passed: here another one may be put in. */
  get isReached(): boolean {
    return this.#remaining === 0 && this.#phase === 'start';
  }

  /** Follows a piece from some byte on. Returns where it came to: the end, or the first boundary. */
  follow(piece: Uint8Array, stopsAtBoundary = false, from = 0): number {
    let index = from;
    while (index < piece.length) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, piece.length - index);
        this.#remaining -= step;
        index += step;
      } else this.#readHeader(piece[index++] ?? 0);
      if (stopsAtBoundary && this.isReached) return index;
    }
    return index;
  }

  #readHeader(byte: number): void {
    if (this.#phase === 'start') {
      this.#phase = 'length';
      return;
    }
    if (this.#phase === 'length') {
      const length = byte & 0x7f;
      this.#maskBytes = (byte & 0x80) === 0 ? 0 : 4;
      this.#lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0;
      this.#length = this.#lengthBytes === 0 ? length : 0;
      this.#phase = 'long-length';
    } else {
      this.#length = this.#length * 256 + byte;
      this.#lengthBytes--;
    }
    if (this.#lengthBytes > 0) return;
    this.#remaining = this.#length + this.#maskBytes;
    this.#phase = 'start';
  }
}
