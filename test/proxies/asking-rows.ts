import { expect, it } from 'vitest';
import { mountPlaces } from '@sallyport/server';
import type { Between } from './front-rows.ts';
import { askSecurely } from './secure-client.ts';

const script = '/_next/static/chunks/a.js';

/** A path that each part of the gateway answers, by the place of that part. */
const answered: Readonly<Record<string, { readonly target: string; readonly status: number }>> = {
  '/auth': { target: '/auth/session', status: 200 },
  '/auth/assets': { target: '/auth/sign-in', status: 200 },
  '/auth/assets/brand': { target: '/auth/assets/brand/brand.css', status: 200 },
  // Only with first-party tokens, which this gateway does not issue.
  '/auth/token': { target: '/auth/token', status: 404 },
  // Only with identity providers, of which this gateway has none.
  '/auth/callback': { target: '/auth/callback/google', status: 404 },
  '/auth/provider-flows': { target: '/auth/provider-flows', status: 404 },
  '/auth/session/events': { target: '/auth/session/events', status: 401 },
  '/auth/session/extend': { target: '/auth/session/extend', status: 401 },
  '/.well-known/change-password': { target: '/.well-known/change-password', status: 303 },
  '/_zones/shared': { target: `/_zones/shared${script}`, status: 200 },
};

/** What must hold at a proxy that asks: what the gateway answers itself is sent to it, and never to a service. */
export function rowsOfPlaces(between: () => Between): void {
  it.each(mountPlaces.map(({ prefix }) => prefix))('what the gateway answers at %s is sent to it', async (prefix) => {
    const { behind } = between();
    behind.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=31536000, immutable' });
      response.end('"from a zone"');
    };
    const { target, status } = answered[prefix] ?? { target: prefix, status: 200 };
    const answer = await askSecurely(between(), target);
    expect(answer.status).toBe(status);
    const seen = behind.upstream.seen.map((request) => request.target);
    expect(seen.filter((path) => path !== script)).toEqual([]);
  });
}
