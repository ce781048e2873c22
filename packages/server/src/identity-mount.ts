import { getRequestListener } from '@hono/node-server';
import type { RequestContext, RequestLimit } from '@sallyport/core';
import type { Mount } from '@sallyport/gateway';
import { maximumBodyBytes, type Identity } from '@sallyport/identity';
import type { IncomingMessage } from 'node:http';
import { identityPlace } from './identity-place.ts';

/** Mounts identity in the gateway under `/auth`: the gateway decides who calls, identity answers. */
export function createIdentityMount(app: Identity['app'], requestLimits: readonly RequestLimit[] = []): Mount {
  const contexts = new WeakMap<IncomingMessage, RequestContext>();
  const listener = getRequestListener(
    (request, environment) => {
      const context = 'incoming' in environment ? contexts.get(environment.incoming as IncomingMessage) : undefined;
      if (context === undefined) throw new TypeError('identity was called without a request context of the gateway');
      return app.fetch(request, { context });
    },
    { overrideGlobalObjects: false },
  );
  return {
    ...identityPlace,
    bodyBytes: maximumBodyBytes,
    requestLimits,
    async handle(request, response, context) {
      contexts.set(request, context);
      await listener(request, response);
    },
  };
}
