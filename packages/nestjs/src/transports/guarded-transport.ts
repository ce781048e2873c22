import type { ExecutionContext } from '@nestjs/common';

/** What a caller presents, under the names of HTTP headers. */
export interface Credentials {
  readonly authorization?: string | readonly string[] | undefined;
  readonly 'x-api-key'?: string | readonly string[] | undefined;
}

/** A message as it arrived, whatever brought it. */
export interface ReceivedMessage {
  /**
   * What the transport made for this message, and what handlers get of it: the context, or the metadata of gRPC. What is
   * found out about the message is remembered by this object.
   */
  readonly call: object;
  /** The token of its envelope. */
  readonly sealedBy: string | undefined;
  /** The `Authorization` of its headers or metadata. */
  readonly authorization: string | readonly string[] | undefined;
  /** Subject, channel, pattern, or path of a gRPC method. */
  readonly destination: string | undefined;
  /** Without its envelope. */
  readonly payload: unknown;
  /** The same for every delivery of one message, where the transport delivers more than once. */
  readonly delivery: string | undefined;
  /** Whether it was a call over a connection of its own, and not left with a broker: its payload has no JSON text. */
  readonly isGrpc: boolean;
}

/**
 * How the guard reads a call of one transport. Nothing of the caller's own payload is ever taken for a credential, save the
 * envelope of a message, whose token counts for that payload alone.
 */
export interface GuardedTransport {
  /** `context.getType()` of Nest. */
  readonly type: string;
  /**
   * Whether the object of a call belongs to that call alone. What was found out about its caller is then found out once;
   * an object that outlives a call is asked again each time, because a token expires and is revoked meanwhile.
   */
  readonly hasObjectPerCall: boolean;
  /** The object that carries the caller of this call; `undefined` where the transport gives none. */
  callOf(context: ExecutionContext): object | undefined;
  /** The connection on which this call came, for transports that verify a caller before the first call. */
  connectionOf?(context: ExecutionContext): object | undefined;
  credentialsOf(context: ExecutionContext): Credentials;
  /** What arrived, for transports whose tokens may be bound to it. */
  messageOf?(context: ExecutionContext): ReceivedMessage;
}

/** What a call without a place for credentials presents. */
export const noCredentials: Credentials = Object.freeze({});

/** A member of something that is of no type that we know; `undefined` where it has none. */
export function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined;
}

/** What a method of something of no type that we know answers; `undefined` where it has none of that name. */
export function called(owner: unknown, method: string, ...values: readonly unknown[]): unknown {
  const found = memberOf(owner, method);
  // Asked of what a transport made; whatever it answers is looked at before it is used.
  return typeof found === 'function' ? (Reflect.apply(found, owner, [...values]) as unknown) : undefined;
}

/** Whether a value can carry a principal. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
