import type { Page } from 'playwright-core';
import { gatewayOwnPath } from '../../tools/launch/gateway-client.ts';

export interface ApiCall {
  readonly method?: string;
  readonly json?: unknown;
}

/** What a script in the page learns of an answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly isRedirected: boolean;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly retryAfter: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls a path from inside the page, as a script there would: same origin, with whatever cookies the browser sends. */
export async function callApi(page: Page, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
  return page.evaluate(
    async ({ path, method, json }) => {
      const response = await fetch(path, {
        method,
        ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
      });
      const text = await response.text();
      let body: Record<string, unknown> = {};
      try {
        body = JSON.parse(text) as Record<string, unknown>;
      } catch {
        body = { text };
      }
      return {
        status: response.status,
        isRedirected: response.redirected,
        contentType: response.headers.get('content-type'),
        cacheControl: response.headers.get('cache-control'),
        retryAfter: response.headers.get('retry-after'),
        body,
      };
    },
    { path, method: call.method ?? 'GET', json: call.json },
  );
}

/** Whether the browser of this page is signed in, by what the gateway itself lets pass. */
export async function isSignedIn(page: Page): Promise<boolean> {
  const { status } = await callApi(page, gatewayOwnPath);
  if (status !== 200 && status !== 401) throw new Error(`the gateway could not say it: ${status}`);
  return status === 200;
}
