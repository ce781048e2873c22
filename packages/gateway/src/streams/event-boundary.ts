const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Follows an event stream as its bytes pass, and knows whether it stands between two events: after a blank line, or
 * before anything was sent. Remembers three bytes, for a blank line may come in pieces.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream HTML, section 9.2.5}
 */
export class EventBoundary {
  #last = lineFeed;
  #second = lineFeed;
  #third = 0;

  get isReached(): boolean {
    if (!isLineEnd(this.#last)) return false;
    const isPair = this.#second === carriageReturn && this.#last === lineFeed;
    return isLineEnd(isPair ? this.#third : this.#second);
  }

  follow(piece: Uint8Array): void {
    const { length } = piece;
    if (length === 0) return;
    const third = length > 2 ? piece[length - 3] : length === 2 ? this.#last : this.#second;
    const second = length > 1 ? piece[length - 2] : this.#last;
    this.#third = third ?? 0;
    this.#second = second ?? 0;
    this.#last = piece[length - 1] ?? 0;
  }
}

function isLineEnd(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn;
}
