import type { IncomingMessage } from 'node:http';
import { SallyportError, type RequestLimit } from '@sallyport/core';
import { introspectionPlace, tokenRevocationPlace, type Mount } from '@sallyport/gateway';
import type { OAuthProviderEndpoints, ShowView } from '@sallyport/oauth';
import { toProviderPage, type Pages } from '@sallyport/pages';
import {
  oauthAuthorizePlace,
  oauthDevicePlace,
  oauthDocumentPlaces,
  oauthKeysPlace,
  oauthPushedRequestPlace,
  oauthSignOutPlace,
  oauthTokenPlace,
  oauthUserinfoPlace,
} from './mount-places.ts';

/** How many requests may come. */
export interface OAuthLimits {
  readonly authorizations: readonly RequestLimit[];
  readonly requests: readonly RequestLimit[];
  readonly devices: { readonly requests: readonly RequestLimit[] };
}

/** The most that the library reads of a body. */
const bodyBytes = 56 * 1024;

/** Far more than an authorization request: what is asked is kept for a while, also for visitors and clients that prove nothing. */
const keptRequestBytes = 8 * 1024;

/** Answers a request at an address that services and OAuth clients share. */
export type AnswerOAuthClient = Mount['handle'];

/** Builds what answers OAuth clients, wherever it is mounted. */
export function createAnswerOAuthClient(provider: OAuthProviderEndpoints, pages: Pages): AnswerOAuthClient {
  const show: ShowView = (view, request) => pages.show(toProviderPage(view), toPageRequest(request));
  return (request, response, context) => provider.handle(request, response, context, show);
}

/**
 * Mounts the OAuth provider. What it shares with introspection is mounted here where there is no introspection, and by the
 * gateway where there is.
 */
export function createOAuthMounts(
  provider: OAuthProviderEndpoints,
  answer: AnswerOAuthClient,
  { authorizations, requests, devices }: OAuthLimits,
  hasIntrospection: boolean,
): readonly Mount[] {
  const shared = hasIntrospection ? [] : [introspectionPlace, tokenRevocationPlace];
  // Clients with certificates call these at the listener for machines (RFC 8705, section 5).
  const called = { crossOrigin: 'tokens', machines: true, requestLimits: requests, bodyBytes, handle: answer } as const;
  return [
    { ...oauthAuthorizePlace, requestLimits: authorizations, bodyBytes: keptRequestBytes, handle: answer },
    // A public client proves nothing, and leaves a request behind: as many as at the authorization endpoint.
    { ...oauthPushedRequestPlace, ...called, requestLimits: authorizations, bodyBytes: keptRequestBytes },
    // Of what a request leaves behind for ten minutes fewer may come than of the others.
    { ...oauthDevicePlace, ...called, requestLimits: devices.requests, bodyBytes: keptRequestBytes },
    { ...oauthSignOutPlace, requestLimits: requests, bodyBytes, handle: answer },
    ...[oauthTokenPlace, oauthUserinfoPlace, ...shared].map((place) => ({ ...place, ...called })),
    ...oauthDocumentPlaces.map((place) => ({
      ...place,
      machines: true,
      crossOrigin: 'documents' as const,
      requestLimits: requests,
      bodyBytes,
      handle: answer,
    })),
    createKeysMount(provider, requests),
  ];
}

/** The keys of the ring, those for logout tokens among them, which are not the library's. */
function createKeysMount(provider: OAuthProviderEndpoints, requestLimits: readonly RequestLimit[]): Mount {
  return {
    ...oauthKeysPlace,
    machines: true,
    crossOrigin: 'documents',
    requestLimits,
    handle(request, response) {
      if (request.url !== oauthKeysPlace.prefix) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      const { keys, maxAgeSeconds } = provider.publicKeys();
      const body = JSON.stringify(keys);
      response
        .writeHead(200, {
          'content-type': 'application/jwk-set+json',
          'content-length': Buffer.byteLength(body),
          'cache-control': `public, max-age=${maxAgeSeconds}`,
        })
        .end(body);
    },
  };
}

/** What a page reads of a request: which colours its reader has chosen. */
function toPageRequest({ method = 'GET', headers }: IncomingMessage): Request {
  const { cookie } = headers;
  const isReading = method === 'GET' || method === 'HEAD';
  return new Request('http://page.invalid/', {
    method: isReading ? method : 'POST',
    headers: cookie === undefined ? {} : { cookie },
  });
}
