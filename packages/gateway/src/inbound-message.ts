import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';

const node = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');

/**
 * A request as Node reads it, but for its object of headers: Node makes one of every request, only to see whether there
 * is an `Expect` in it. The door reads the list of raw headers, so for nearly every request nobody looks at the object
 * again. Here that first look is answered from the list, and the object is made for whoever wants to know more.
 */
export class InboundMessage extends IncomingMessage {
  #wasLookedAt = false;

  static {
    // A later Node may do it otherwise; then there is nothing to save.
    const { get: read, set: write } = node ?? {};
    if (read !== undefined && write !== undefined) {
      Object.defineProperty(this.prototype, 'headers', {
        configurable: true,
        get(this: InboundMessage): IncomingHttpHeaders {
          if (this.#wasLookedAt) return read.call(this) as IncomingHttpHeaders;
          this.#wasLookedAt = true;
          return new Proxy<IncomingHttpHeaders>(this as unknown as IncomingHttpHeaders, firstLook);
        },
        set(this: InboundMessage, headers: IncomingHttpHeaders) {
          this.#wasLookedAt = true;
          write.call(this, headers);
        },
      });
    }
  }
}

/** Behaves in everything like the object that it stands for. Its target is the message. */
const firstLook: ProxyHandler<IncomingHttpHeaders> = {
  get: (message, name) =>
    name === 'expect' && !hasHeader(message, name) ? undefined : (Reflect.get(whole(message), name) as unknown),
  set: (message, name, value) => Reflect.set(whole(message), name, value),
  has: (message, name) => Reflect.has(whole(message), name),
  deleteProperty: (message, name) => Reflect.deleteProperty(whole(message), name),
  defineProperty: (message, name, property) => Reflect.defineProperty(whole(message), name, property),
  ownKeys: (message) => Reflect.ownKeys(whole(message)),
  getOwnPropertyDescriptor: (message, name) => Reflect.getOwnPropertyDescriptor(whole(message), name),
  getPrototypeOf: (message) => Reflect.getPrototypeOf(whole(message)),
};

function whole(message: IncomingHttpHeaders): IncomingHttpHeaders {
  return (message as unknown as IncomingMessage).headers;
}

function hasHeader(message: IncomingHttpHeaders, name: string): boolean {
  const { rawHeaders } = message as unknown as IncomingMessage;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) return true;
  }
  return false;
}
