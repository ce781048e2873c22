import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';

/** What Node asks for itself. */
const askedByNode: ReadonlySet<string> = new Set(['expect', 'content-length', 'transfer-encoding']);

const node = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');

/**
 * A request as Node reads it, but for its object of headers: Node makes one of every request, only to see whether it
 * has a body or an `Expect`. The gateway reads the list of raw headers, so for nearly every request the object
 * is not looked at again. Here those looks are answered from the list, and the object is made when more is read.
 */
export class InboundMessage extends IncomingMessage {
  #isObjectMade = false;
  #standIn: IncomingHttpHeaders | undefined;

  /** Makes the object of headers that Node would have made. */
  makeHeaders(): IncomingHttpHeaders {
    this.#isObjectMade = true;
    return this.headers;
  }

  /** Says whether it is sure, without the object, that no header of this name came. */
  isKnownAbsent(name: string | symbol): boolean {
    if (this.#isObjectMade || typeof name !== 'string' || !askedByNode.has(name)) return false;
    const { rawHeaders } = this;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const candidate = rawHeaders[index] ?? '';
      if (candidate.length === name.length && candidate.toLowerCase() === name) return false;
    }
    return true;
  }

  static {
    // A later Node may do it otherwise; then there is nothing to save.
    if (node?.get !== undefined && node.set !== undefined) {
      Object.defineProperty(this.prototype, 'headers', {
        configurable: true,
        get(this: InboundMessage): IncomingHttpHeaders {
          if (this.#isObjectMade) return node.get?.call(this) as IncomingHttpHeaders;
          return (this.#standIn ??= standInFor(this));
        },
        set(this: InboundMessage, headers: IncomingHttpHeaders) {
          this.#isObjectMade = true;
          node.set?.call(this, headers);
        },
      });
    }
  }
}

/** Behaves like the object that it stands for, and makes it at the first read that is not Node's. */
function standInFor(message: InboundMessage): IncomingHttpHeaders {
  return new Proxy(message as unknown as IncomingHttpHeaders, standIn);
}

const standIn: ProxyHandler<IncomingHttpHeaders> = {
  get: (target, name) =>
    messageOf(target).isKnownAbsent(name) ? undefined : (Reflect.get(objectOf(target), name) as unknown),
  has: (target, name) => !messageOf(target).isKnownAbsent(name) && Reflect.has(objectOf(target), name),
  set: (target, name, value) => Reflect.set(objectOf(target), name, value),
  deleteProperty: (target, name) => Reflect.deleteProperty(objectOf(target), name),
  defineProperty: (target, name, property) => Reflect.defineProperty(objectOf(target), name, property),
  ownKeys: (target) => Reflect.ownKeys(objectOf(target)),
  getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(objectOf(target), name),
  getPrototypeOf: (target) => Reflect.getPrototypeOf(objectOf(target)),
};

function objectOf(target: IncomingHttpHeaders): IncomingHttpHeaders {
  return messageOf(target).makeHeaders();
}

/** The target of a stand-in is the message; only the handler is ever given it. */
function messageOf(target: IncomingHttpHeaders): InboundMessage {
  return target as unknown as InboundMessage;
}
