import { OptionsError } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { SallyportHttpException } from '../errors/sallyport-http-exception.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { headerOfRequest } from './header-of-request.ts';
import { requireServicePath } from './service-path.ts';

/** What a call may choose. Its destination and identity, and that nothing is followed or cached, are fixed. */
export interface ServiceCallInit {
  /** @default 'GET' */
  readonly method?: string;
  /** Any header but `Authorization`, `Cookie` and the ones that the gateway builds. */
  readonly headers?: NonNullable<RequestInit['headers']>;
  readonly body?: NonNullable<RequestInit['body']>;
  /** A value that is sent as a JSON body. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** @default `services.timeoutMilliseconds` */
  readonly timeoutMilliseconds?: number;
}

const forwardedHeaders = ['traceparent', 'tracestate'];
const fixedHeaders = ['authorization', 'cookie', 'host', 'x-api-key', 'x-request-id', ...forwardedHeaders];

/**
 * Calls other services for the user of a request, through the internal listener of the gateway. The route of the other
 * service lists this one in `callers`. The gateway checks the route for the user, and sends a token that names this
 * service in `act` and says no more than the one that came with the request.
 *
 * @example
 * constructor(@Inject(SallyportServices) private readonly services: SallyportServices) {}
 *
 * @Post('orders')
 * @Permissions('order:create')
 * async create(@Req() request: object, @Body() order: NewOrder) {
 *   const answer = await this.services.call('/api/invoices', request, { method: 'POST', json: order });
 *   if (!answer.ok) throw new BadGatewayException();
 * }
 */
@Injectable()
export class SallyportServices {
  readonly #options: SallyportOptions;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#options = options;
  }

  /**
   * Sends a request with the token that came with another one. A caller without a token is anonymous at the other service
   * as well. The id of the request and its trace travel along. Never follows a redirect, and never leaves the gateway.
   *
   * Resolves to the answer, whatever its status. Rejects with `SP_UPSTREAM_UNAVAILABLE` or `SP_UPSTREAM_TIMEOUT` where the
   * gateway does not answer, with TypeError for a path or a header that is not the caller's to choose, with `OptionsError`
   * where neither `keysUrl` nor `services.url` says where the gateway is, and with the reason of `init.signal`.
   *
   * @param path of the other service, by the prefix of its route: `/api/invoices/7`.
   * @param request of Express or Fastify, or the `IncomingMessage` below it. The message of a queue has no token that
   *   another service would take.
   */
  async call(path: string, request: object, init: ServiceCallInit = {}): Promise<Response> {
    requireServicePath(path);
    const url = internalUrlOf(this.#options);
    const headers = outgoingHeaders(init);
    headers.set('x-request-id', requestIdOf(request));
    const authorization = headerOfRequest(request, 'authorization');
    if (authorization !== undefined) headers.set('authorization', authorization);
    for (const name of forwardedHeaders) {
      const value = headerOfRequest(request, name);
      if (value !== undefined) headers.set(name, value);
    }

    const { signal } = init;
    const timeout = AbortSignal.timeout(
      init.timeoutMilliseconds ?? this.#options.services?.timeoutMilliseconds ?? 10_000,
    );
    try {
      return await fetch(url + path, {
        method: init.method ?? 'GET',
        headers,
        body: init.json === undefined ? (init.body ?? null) : JSON.stringify(init.json),
        redirect: 'error',
        cache: 'no-store',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      // An exception of Nest: a catch-all filter of the application would answer 500 for any other.
      throw new SallyportHttpException(timeout.aborted ? 'SP_UPSTREAM_TIMEOUT' : 'SP_UPSTREAM_UNAVAILABLE', { cause });
    }
  }
}

/**
 * Origin of the internal listener of the gateway.
 *
 * @throws OptionsError where no option says it.
 */
export function internalUrlOf({ services, keysUrl }: SallyportOptions): string {
  const url = services?.url ?? keysUrl;
  if (url !== undefined) return new URL(url).origin;
  throw new OptionsError('calls to other services need services.url where there is no keysUrl');
}

function outgoingHeaders(init: ServiceCallInit): Headers {
  const outgoing = new Headers(init.headers);
  const fixed = fixedHeaders.find((name) => outgoing.has(name));
  if (fixed !== undefined) throw new TypeError(`the header "${fixed}" of a call is set by SallyportServices itself`);
  if (!outgoing.has('accept')) outgoing.set('accept', 'application/json');
  if (init.json === undefined) return outgoing;
  if (init.body !== undefined) throw new TypeError('a call takes either "json" or "body"');
  outgoing.set('content-type', 'application/json');
  return outgoing;
}
