import { getRequestListener } from '@hono/node-server';
import type { RequestContext, RequestLimit } from '@sallyport/core';
import type { Mount } from '@sallyport/gateway';
import { maximumBodyBytes, type Identity } from '@sallyport/identity';
import type { Pages } from '@sallyport/pages';
import type { IncomingMessage } from 'node:http';
import {
  changePasswordPlace,
  devicesPlaceOf,
  hasOrganizationsOfPrograms,
  identityPlace,
  manageClientsPlace,
  manageRolesPlace,
  manageUsersPlace,
  organizationsPlaceOf,
  pageAssetsPlace,
  providerCallbackPlace,
  providerFlowsPlace,
  tokensPlace,
  type MountSections,
} from './mount-places.ts';

/** Answers a request of the gateway as `fetch` does. */
type Answer = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** Mounts identity in the gateway under `/auth`: the gateway decides who calls, identity answers. */
export function createIdentityMount(app: Identity['app'], requestLimits: readonly RequestLimit[] = []): Mount {
  return { ...identityPlace, requestLimits, ...answerWith((request, context) => app.fetch(request, { context })) };
}

/**
 * Mounts identity with the built-in pages under `/auth`: a path of a page is answered by the page, everything else by
 * identity. Where there is neither, a browser shows a page that says so. The files of pages are public, and `/.well-known/change-password` leads to the page that resets one.
 *
 * @see {@link https://www.w3.org/TR/change-password-url/ A Well-Known URL for Changing Passwords}
 */
export function createAuthMounts(
  app: Identity['app'],
  pages: Pages,
  requestLimits: readonly RequestLimit[],
  sections: Pick<MountSections, 'firstPartyTokens' | 'policy'>,
): readonly Mount[] {
  const { firstPartyTokens } = sections;
  const auth = answerWith(async (request, context) => {
    if (pages.serves(new URL(request.url).pathname)) return pages.fetch(request, context);
    const answer = await app.fetch(request, { context });
    if (answer.status !== 404 || !isForReader(request)) return answer;
    await answer.body?.cancel();
    return pages.fetch(request, context);
  });
  return [
    { ...identityPlace, requestLimits, ...auth },
    { ...tokensPlace, crossOrigin: 'tokens', requestLimits, ...auth },
    { ...providerCallbackPlace, requestLimits, ...auth },
    { ...providerFlowsPlace, crossOrigin: 'tokens', requestLimits, ...auth },
    ...(firstPartyTokens === undefined ? [] : [devicesMount(firstPartyTokens, requestLimits, auth)]),
    ...(firstPartyTokens !== undefined && hasOrganizationsOfPrograms(sections)
      ? [{ ...organizationsPlaceOf(firstPartyTokens), requestLimits, ...auth }]
      : []),
    {
      ...pageAssetsPlace,
      handle: (request, response) => pages.serveAsset(request, response),
    },
    {
      ...changePasswordPlace,
      handle(_request, response) {
        response
          .writeHead(303, { location: pages.table.forgotPassword, 'cache-control': 'no-store', 'content-length': 0 })
          .end();
      },
    },
  ];
}

/** The devices of a user, also for the programs on them, and for scripts of other sites that hold a token. */
function devicesMount(
  firstPartyTokens: NonNullable<MountSections['firstPartyTokens']>,
  requestLimits: readonly RequestLimit[],
  auth: Pick<Mount, 'bodyBytes' | 'handle'>,
): Mount {
  const place = devicesPlaceOf(firstPartyTokens);
  return { ...place, crossOrigin: 'tokens', crossOriginMethods: ['GET', 'POST', 'DELETE'], requestLimits, ...auth };
}

/**
 * Mounts what identity serves to programs below `/manage/users` and `/manage/roles`: the gateway lets keys of service
 * accounts in, and no person.
 */
export function createManageUsersMounts(
  app: Identity['app'],
  requestLimits: readonly RequestLimit[],
): readonly Mount[] {
  const answer = answerWith((request, context) => app.fetch(request, { context }));
  return [manageUsersPlace, manageRolesPlace].map((place) => ({ ...place, requestLimits, ...answer }));
}

/** Mounts what the OAuth provider serves to programs below `/manage/oauth-clients`, as above. */
export function createManageClientsMount(app: Identity['app'], requestLimits: readonly RequestLimit[]): Mount {
  return { ...manageClientsPlace, requestLimits, ...answerWith((request, context) => app.fetch(request, { context })) };
}

/** Whether a browser shows the answer itself, instead of a script that reads it. */
function isForReader({ method, headers }: Request): boolean {
  return method === 'GET' && headers.get('sec-fetch-mode') === 'navigate';
}

function answerWith(answer: Answer): Pick<Mount, 'bodyBytes' | 'handle'> {
  const contexts = new WeakMap<IncomingMessage, RequestContext>();
  const listener = getRequestListener(
    (request, environment) => {
      const context = 'incoming' in environment ? contexts.get(environment.incoming as IncomingMessage) : undefined;
      if (context === undefined) throw new TypeError('a mount was called without a request context of the gateway');
      return answer(request, context);
    },
    { overrideGlobalObjects: false },
  );
  return {
    bodyBytes: maximumBodyBytes,
    async handle(request, response, context) {
      contexts.set(request, context);
      await listener(request, response);
    },
  };
}
