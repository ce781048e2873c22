import { digestOfPayload, fetchMessageToken } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { headerOfRequest } from '../services/header-of-request.ts';
import { internalUrlOf } from '../services/sallyport-services.ts';
import type { MessageEnvelope } from './message-envelope.ts';

/** A message, and for which consumer it is. */
export interface MessageToSeal<Payload> {
  /** The consumer, as `messages.consumers` of the gateway names it: the `audience` of its module. */
  readonly audience: string;
  /** Where it is sent: the subject, channel or pattern, as a text. */
  readonly pattern: string;
  /** What is sent. Anything that has a JSON text. */
  readonly data: Payload;
}

/** A method of gRPC, and of which service. */
export interface GrpcMethodToCall {
  /** The consumer, as `messages.consumers` of the gateway names it. */
  readonly audience: string;
  /** The path of the method: `/billing.Invoices/Create`. */
  readonly method: string;
}

/** What asking for a token may choose. */
export interface SealInit {
  readonly signal?: AbortSignal;
}

/** A message with its token. */
export interface SealedMessage<Payload = unknown> {
  readonly data: Payload;
  /** The value of the header or metadata `authorization`, for transports that have one. It belongs into no log. */
  readonly authorization: string;
  /** The whole message in one, for transports without headers. */
  readonly envelope: MessageEnvelope<Payload>;
  /** When its token expires: until then it is taken everywhere. */
  readonly expiresAt: Date;
}

/** Headers of NATS, metadata of gRPC: what has names and values. */
export interface MetadataLike {
  set(name: string, value: string): unknown;
}

/**
 * Seals messages for the user of a request, so that their consumer knows for whom it works. The gateway makes the token,
 * for one consumer and this one message: the digest of its payload and its destination stand in it. What is read on the
 * broker opens nothing, and authorizes no other message.
 *
 * Each method rejects with `MessageTokenError`, whose `kind` says what to do, with `OptionsError` where neither `keysUrl`
 * nor `services.url` says where the gateway is, with TypeError for a payload without a JSON text, and with the reason of
 * `init.signal`.
 *
 * @example
 * const sealed = await this.messages.seal({ audience: 'billing', pattern: 'invoice.create', data }, request);
 * await lastValueFrom(this.redis.emit('invoice.create', sealed.envelope));
 */
@Injectable()
export class MessageSealer {
  readonly #options: SallyportOptions;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#options = options;
  }

  /** Seals one message, which is taken once. */
  async seal<Payload>(
    message: MessageToSeal<Payload>,
    request: object,
    init: SealInit = {},
  ): Promise<SealedMessage<Payload>> {
    const { audience, pattern, data } = message;
    const digest = digestOfPayload(data);
    const { token, expiresAt } = await this.#ask({ audience, destination: pattern, digest }, request, init);
    return { data, authorization: `Bearer ${token}`, envelope: { $sallyport: token, message: data }, expiresAt };
  }

  /**
   * Writes a token for a method of gRPC into the metadata of a call. It is good for that method until it expires, and bound
   * to no payload: gRPC changes what it carries, over a connection of its own.
   *
   * @returns the metadata.
   * @example
   * const metadata = await this.messages.signCall({ audience: 'billing', method: '/billing.Invoices/Create' }, request, new Metadata());
   */
  async signCall<Metadata extends MetadataLike>(
    { audience, method }: GrpcMethodToCall,
    request: object,
    metadata: Metadata,
    init: SealInit = {},
  ): Promise<Metadata> {
    if (!/^\/[A-Za-z0-9_.]+\/[A-Za-z0-9_]+$/.test(method))
      throw new TypeError('a method of gRPC is named as "/package.Service/Method"');
    const { token } = await this.#ask({ audience, destination: method, digest: undefined }, request, init);
    metadata.set('authorization', `Bearer ${token}`);
    return metadata;
  }

  #ask(
    asked: { readonly audience: string; readonly destination: string; readonly digest: string | undefined },
    request: object,
    { signal }: SealInit,
  ) {
    return fetchMessageToken({
      ...asked,
      internalUrl: internalUrlOf(this.#options),
      authorization: headerOfRequest(request, 'authorization'),
      requestId: requestIdOf(request),
      timeoutMilliseconds: this.#options.services?.timeoutMilliseconds,
      signal,
    });
  }
}
