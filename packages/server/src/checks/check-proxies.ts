import type { StartCheck } from './start-context.ts';

/** Whether a proxy in front is declared. Without that every client has the proxy's address, for limits and for events. */
export const checkProxies: StartCheck = {
  name: 'trustedProxies',
  run: ({ config: { publicUrl, tls, trustedProxies } }) =>
    !publicUrl.startsWith('https:') || tls !== undefined || trustedProxies.length > 0
      ? []
      : [
          {
            kind: 'warning',
            finding: 'a proxy terminates TLS, but none is declared, so that all people seem to come from one address',
            hint: 'Name its address or network in trustedProxies: limits on guessing count by address.',
          },
        ],
};
