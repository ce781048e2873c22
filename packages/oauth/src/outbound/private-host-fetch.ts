import { createHostJudgement } from './public-hosts.ts';

/** Fetches what an administrator has named, such as the keys of a client. */
export type FetchOutside = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * Builds what fetches addresses of clients. The library hands in a dispatcher that refuses private addresses where the
 * connection is made; hosts that the configuration lists are called without it. A redirect is followed by none.
 */
export function createPrivateHostFetch(privateHosts: readonly string[]): FetchOutside {
  const judgeHost = createHostJudgement(privateHosts);
  return (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (judgeHost(url) !== undefined) return Promise.reject(new TypeError('the host is private'));
    const { dispatcher, ...others } = init as RequestInit & { readonly dispatcher?: unknown }; // Of Node.
    const guarded = privateHosts.includes(url.host) ? others : { ...others, dispatcher };
    return fetch(url, { ...(guarded as RequestInit), redirect: 'manual' });
  };
}
