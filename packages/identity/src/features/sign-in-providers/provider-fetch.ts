import type { CustomFetch } from 'openid-client';
import { isLoopbackHost, readBytesWithin } from '@sallyport/core';
import { refuse } from './provider-refusal.ts';

/** The most that is read of an answer: key sets and profiles are some kilobytes. */
const maxAnswerBytes = 512 * 1024;
/** For one request, with everything that it takes: a person waits before a blank page. */
export const providerTimeoutSeconds = 5;

/** A request, as openid-client and jose make it. */
export interface ProviderRequest {
  readonly method: string;
  readonly headers: Headers | Readonly<Record<string, string>>;
  readonly body?: Parameters<CustomFetch>[1]['body'];
}

export type ProviderFetch = (url: string, request: ProviderRequest) => Promise<Response>;

/**
 * Builds how one provider is called. What may be called is said by the configuration and by the discovery document of
 * its issuer: https alone, unless the issuer itself is on loopback; no redirect is followed, no answer is read without
 * bound, and none is waited for longer than some seconds.
 */
export function createProviderFetch(issuer: string, fetchFrom: typeof fetch): ProviderFetch {
  const isLocal = isLoopbackHost(new URL(issuer).hostname);
  return async (url, { method, headers: sent, body }) => {
    const { protocol, hostname } = new URL(url);
    const isAllowed = protocol === 'https:' || (protocol === 'http:' && isLocal && isLoopbackHost(hostname));
    if (!isAllowed) throw refuse('discovery-invalid', new Error('an endpoint is not https'));
    try {
      const response = await fetchFrom(url, {
        method,
        headers: sent,
        ...(body === undefined || body === null ? {} : { body: requireWhole(body) }),
        redirect: 'manual',
        signal: AbortSignal.timeout(providerTimeoutSeconds * 1000),
      });
      const bytes = await readBytesWithin(response.body, maxAnswerBytes);
      if (bytes === undefined) throw refuse('provider-answer-too-large');
      const { status, headers } = response;
      const isEmpty = [101, 204, 205, 304].includes(status);
      return new Response(isEmpty ? null : Uint8Array.from(bytes), { status, headers });
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') throw refuse('provider-slow', error);
      if (error instanceof TypeError) throw refuse('provider-unreachable', error);
      throw error;
    }
  };
}

/** Forms are posted to providers, and JSON to the API of GitHub: nothing that is read as it is sent. */
function requireWhole(body: unknown): URLSearchParams | string {
  if (body instanceof URLSearchParams || typeof body === 'string') return body;
  throw new Error('only forms and texts are sent to providers');
}
