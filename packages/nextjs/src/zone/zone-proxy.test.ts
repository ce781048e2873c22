import { NextRequest } from 'next/server.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { zoneProxy } from './zone-proxy.ts';

afterEach(() => vi.unstubAllEnvs());

/** What the page sees of a header: Next writes the changed request headers like this. */
function passedOn(response: Response, name: string): string | null {
  return response.headers.get(`x-middleware-request-${name}`);
}

function policyOf(response: Response): string {
  return response.headers.get('content-security-policy') ?? '';
}

describe('the policy of a page', () => {
  it('is the same for the browser and for Next, with a nonce of its own', () => {
    const response = zoneProxy()(new NextRequest('http://localhost/account'));
    const nonce = /'nonce-([A-Za-z0-9+/=]{24})'/.exec(policyOf(response))?.[1];

    expect(nonce).toBeDefined();
    expect(passedOn(response, 'content-security-policy')).toBe(policyOf(response));
    expect(passedOn(response, 'x-nonce')).toBe(nonce);
  });

  it('never repeats a nonce', () => {
    const proxy = zoneProxy();
    const policies = Array.from({ length: 100 }, () => policyOf(proxy(new NextRequest('http://localhost/'))));

    expect(new Set(policies).size).toBe(100);
  });

  it('is never the one that the browser sent', () => {
    const headers = {
      'content-security-policy': "script-src 'nonce-planted'",
      'content-security-policy-report-only': "script-src 'nonce-planted'",
      'x-nonce': 'planted',
    };

    const response = zoneProxy()(new NextRequest('http://localhost/', { headers }));

    expect(JSON.stringify([...response.headers])).not.toContain('planted');
  });

  it.each(["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"])(
    'says %s',
    (directive) => {
      expect(contentSecurityPolicy({ nonce: 'n' }).split('; ')).toContain(directive);
    },
  );

  it('lets no inline script, no eval and no other origin in', () => {
    const policy = contentSecurityPolicy({ nonce: 'n' });

    expect(policy).toContain("script-src 'self' 'nonce-n' 'strict-dynamic';");
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
    expect(policy.replace("style-src-attr 'unsafe-inline'", '')).not.toContain('unsafe-inline');
  });

  it('lets development tools evaluate and inject, in development only', () => {
    vi.stubEnv('NODE_ENV', 'development');
    expect(policyOf(zoneProxy()(new NextRequest('http://localhost/')))).toContain("'unsafe-eval'");
    vi.stubEnv('NODE_ENV', 'production');
    expect(policyOf(zoneProxy()(new NextRequest('http://localhost/')))).not.toContain("'unsafe-eval'");
  });

  it('takes further sources, in place of none', () => {
    const allow = { 'img-src': ['https://images.example.com'], 'frame-src': ['https://pay.example.com'] };

    const directives = contentSecurityPolicy({ nonce: 'n', allow }).split('; ');

    expect(directives).toContain("img-src 'self' data: blob: https://images.example.com");
    expect(directives).toContain('frame-src https://pay.example.com');
  });
});

describe('the address that requireAuth() comes back to', () => {
  it('is what the gateway says', () => {
    const headers = { 'x-forwarded-uri': '/account?tab=2' };

    const response = zoneProxy()(new NextRequest('http://127.0.0.1:4000/account', { headers }));

    expect(passedOn(response, 'x-forwarded-uri')).toBe('/account?tab=2');
  });

  it('is the one that was asked for when the gateway says nothing', () => {
    const response = zoneProxy()(new NextRequest('http://127.0.0.1:4000/account?tab=3'));

    expect(passedOn(response, 'x-forwarded-uri')).toBe('/account?tab=3');
  });
});
