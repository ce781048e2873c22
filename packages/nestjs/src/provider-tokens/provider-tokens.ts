import { fetchProviderToken, OptionsError, type ProviderToken } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { headerOfRequest } from '../services/header-of-request.ts';

/** What a call may choose. */
export interface ProviderTokenInit {
  readonly signal?: AbortSignal;
}

/**
 * Gets the access tokens that identity providers gave for users of this service, to call the APIs of these providers. The
 * route of the service lists the provider in `providerTokens`; the internal listener of the gateway hands the token
 * out, and refreshes it where it has ended.
 *
 * @example
 * constructor(@Inject(ProviderTokens) private readonly tokens: ProviderTokens) {}
 *
 * @Get('files')
 * async files(@Req() request: object) {
 *   const { accessToken } = await this.tokens.get('google', request);
 *   return fetch(driveUrl, { headers: { authorization: `Bearer ${accessToken}` } });
 * }
 */
@Injectable()
export class ProviderTokens {
  readonly #options: SallyportOptions;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#options = options;
  }

  /**
   * The token of a provider for the user of a request, which is asked for with the token that the gateway attached to it.
   *
   * Rejects with `ProviderTokenError`, whose `kind` says what to do, with `OptionsError` where neither `keysUrl` nor
   * `providerTokens.url` says where the gateway is, and with the reason of `init.signal`.
   *
   * @param request of Express or Fastify, or the `IncomingMessage` below it.
   */
  async get(provider: string, request: object, init: ProviderTokenInit = {}): Promise<ProviderToken> {
    const { providerTokens, keysUrl } = this.#options;
    const url = providerTokens?.url ?? keysUrl;
    if (url === undefined) throw new OptionsError('ProviderTokens needs providerTokens.url where there is no keysUrl');
    return fetchProviderToken({
      internalUrl: new URL(url).origin,
      provider,
      authorization: headerOfRequest(request, 'authorization'),
      requestId: requestIdOf(request),
      timeoutMilliseconds: providerTokens?.timeoutMilliseconds,
      signal: init.signal,
    });
  }
}
