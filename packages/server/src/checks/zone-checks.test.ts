import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CheckFinding } from '@sallyport/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../config/config-schema.ts';
import { parseConfig } from '../config/parse-config.ts';
import { zone } from '../config/zone.ts';
import { readEnvironment } from '../config/environment.ts';
import { runChecks } from './require-checks.ts';
import { toZonePage } from './read-zone-page.ts';
import { zoneChecks } from './zone-checks.ts';

const nonce = "script-src 'self' 'nonce-abc' 'strict-dynamic'";
let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

interface Application {
  /** Path below which its page says that its scripts are. */
  readonly folder?: string;
  /** Status of its scripts; `html` is a page with status 200 in their place. */
  readonly scripts?: number | 'html';
  readonly policy?: string;
  readonly page?: string;
  /** Status of the page that is asked for first. */
  readonly status?: number;
  readonly mediaType?: string;
}

/** A server like that of a Next.js application. */
async function startApplication(application: Application = {}): Promise<string> {
  const { folder = '/_zones/portal', scripts = 200, policy = nonce, status = 200 } = application;
  const script = `${folder}/_next/static/chunks/main-1.js`;
  const page =
    application.page ?? `<script src="${script}" async="" nonce="abc"></script><script nonce="abc">1</script>`;
  const server = createServer(({ url = '' }, response) => {
    if (url.includes('/_next/')) {
      // As Next.js does: with what is in front of it, and without.
      const isServed = (url === script || url === script.replace(folder, '')) && scripts === 200;
      response.writeHead(scripts === 'html' || isServed ? 200 : 404, {
        'content-type': isServed ? 'application/javascript; charset=UTF-8' : 'text/html',
      });
    } else if (status === 307 && !url.endsWith('/sallyport-doctor')) response.writeHead(307, { location: '/sign-in' });
    else {
      response.writeHead(status === 307 ? 404 : status, {
        'content-type': application.mediaType ?? 'text/html; charset=utf-8',
        'content-security-policy': policy,
      });
      response.write(page);
    }
    response.end();
  });
  return listen(server);
}

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
}

async function examine(routes: ConfigInput['routes']): Promise<readonly CheckFinding[]> {
  const policy = { permissions: {}, roles: { user: [] } };
  const config = parseConfig({ publicUrl: 'http://localhost:3000', policy, routes }, 'test');
  const findings = await runChecks(zoneChecks, { config, environment: readEnvironment({}) });
  return findings.map(({ found }) => found);
}

const pagesOf = (upstream: string | string[]) =>
  ({ name: 'portal', prefix: '/portal', upstream, audience: 'portal', access: 'optional' }) as const;
const closedAssetsOf = (upstream: string | string[]) =>
  ({ ...pagesOf(upstream), name: 'portal-assets', prefix: '/_zones/portal', access: 'signed-in' }) as const;

describe('the check of zones finds', () => {
  it('a zone without a route to its scripts', async () => {
    const portal = await startApplication();

    expect(await examine([pagesOf(portal)])).toEqual([
      {
        kind: 'failure',
        finding: 'scripts of portal are below /_zones/portal/_next, and no route leads there',
        hint: expect.stringContaining("...zone('portal', …)") as string,
      },
    ]);
  });

  it('a zone whose scripts are asked of the shell', async () => {
    const [portal, shell] = [await startApplication(), await startApplication({ folder: '' })];
    const routes = [...zone('shell', { mount: '/', upstream: shell, access: 'optional' }), pagesOf(portal)];

    expect(await examine(routes)).toContainEqual({
      kind: 'failure',
      finding: 'scripts of portal are below /_zones/portal/_next, which leads to shell',
      hint: expect.stringContaining("...zone('portal', …)") as string,
    });
  });

  it('an application that is not wrapped in withZone', async () => {
    const [portal, shell] = [await startApplication({ folder: '' }), await startApplication({ folder: '' })];
    const routes = [
      ...zone('shell', { mount: '/', upstream: shell, access: 'optional' }),
      ...zone('portal', { upstream: portal, access: 'signed-in' }),
    ];

    expect(await examine(routes)).toContainEqual({
      kind: 'failure',
      finding: 'scripts of portal are below /_next, which leads to shell-assets',
      hint: expect.stringContaining("withZone(…, { name: 'portal' })") as string,
    });
  });

  it('scripts that strangers may not fetch, on pages that they may read', async () => {
    const portal = await startApplication();

    expect(await examine([pagesOf(portal), closedAssetsOf(portal)])).toMatchObject([
      { kind: 'failure', finding: expect.stringContaining('which strangers may not pass') as string },
    ]);
  });

  it.each([
    { name: 'are not beside its server', scripts: 404 },
    { name: 'are pages in truth', scripts: 'html' },
  ] as const)('scripts that $name', async ({ scripts }) => {
    const portal = await startApplication({ scripts });

    expect(await examine([...zone('portal', { upstream: portal, access: 'signed-in' })])).toMatchObject([
      { kind: 'failure', finding: 'portal does not serve its own scripts below /_zones/portal/_next' },
    ]);
  });

  it('a target with another build', async () => {
    const upstream = [await startApplication(), await startApplication({ scripts: 404 })];

    expect(await examine([...zone('portal', { upstream, access: 'signed-in' })])).toMatchObject([
      { kind: 'failure', hint: expect.stringContaining('all targets of a route need the same build') as string },
    ]);
  });

  it.each([
    { name: 'without a route to its assets', routes: (portal: string) => [pagesOf(portal)], hint: /zone\('portal'/ },
    {
      name: 'with hosts of its own',
      routes: (portal: string) => [...zone('portal', { upstream: portal, hosts: ['a.example.com'], access: 'public' })],
      hint: /take sharedAssets out/,
    },
  ])('a zone that shares its scripts, $name', async ({ routes, hint }) => {
    const portal = await startApplication({ folder: '/_zones/shared' });

    expect(await examine(routes(portal))).toEqual([
      {
        kind: 'failure',
        finding: 'scripts of portal are below /_zones/shared, and the gateway does not ask it for them',
        hint: expect.stringMatching(hint) as string,
      },
    ]);
  });

  it('shared scripts that are not beside the server', async () => {
    const portal = await startApplication({ folder: '/_zones/shared', scripts: 404 });

    expect(await examine([...zone('portal', { upstream: portal, access: 'signed-in' })])).toMatchObject([
      { kind: 'failure', finding: 'portal does not serve its own scripts below /_zones/shared' },
    ]);
  });

  it('scripts on a route that no browser keeps', async () => {
    const shell = await startApplication({ folder: '' });

    expect(await examine([{ ...pagesOf(shell), name: 'web', prefix: '/' }])).toMatchObject([
      {
        kind: 'ok',
        finding: expect.stringContaining('browsers keep none') as string,
        hint: expect.any(String) as string,
      },
    ]);
  });

  it('pages that were rendered without a request', async () => {
    const page = '<script src="/_zones/portal/_next/static/chunks/main-1.js" async=""></script><script>1</script>';
    const portal = await startApplication({ page });

    expect(await examine([...zone('portal', { upstream: portal, access: 'public' })])).toMatchObject([
      { kind: 'failure', finding: expect.stringContaining('do not carry the nonce') as string },
      { kind: 'ok' },
    ]);
  });

  it('applications that do not answer, in one sentence', async () => {
    const gone = await startApplication();
    servers.pop()?.close();
    const mute = await listen(createServer((_, response) => response.destroy()));
    const routes = [
      ...zone('portal', { upstream: gone, access: 'signed-in' }),
      ...zone('account', { upstream: mute, access: 'signed-in' }),
    ];

    expect(await examine(routes)).toEqual([
      {
        kind: 'ok',
        finding: 'nothing answers behind account, portal',
        hint: expect.stringContaining('from where it runs') as string,
      },
    ]);
  });
});

describe('the check of zones finds nothing wrong with', () => {
  it.each([
    { name: 'a zone', application: {} },
    { name: 'a zone that sends strangers to sign in', application: { status: 307 } },
    { name: 'a zone whose first page fails', application: { status: 500 } },
    { name: 'scripts of this origin under a policy for them', application: { policy: "script-src 'self'" } },
  ])('$name', async ({ application }) => {
    const portal = await startApplication(application);

    expect(await examine([...zone('portal', { upstream: portal, access: 'signed-in' })])).toEqual([
      { kind: 'ok', finding: 'portal serves its scripts below /_zones/portal/_next' },
    ]);
  });

  it('a zone that shares its scripts', async () => {
    const portal = await startApplication({ folder: '/_zones/shared' });

    expect(await examine([...zone('portal', { upstream: portal, access: 'signed-in' })])).toEqual([
      { kind: 'ok', finding: 'portal shares its scripts below /_zones/shared' },
    ]);
  });

  it('a zone on a host of its own', async () => {
    const [admin, shell] = [await startApplication({ folder: '' }), await startApplication({ folder: '' })];
    const routes = [
      ...zone('shell', { mount: '/', upstream: shell, access: 'optional' }),
      ...zone('admin', { mount: '/', hosts: ['*.example.com'], upstream: admin, access: 'signed-in' }),
    ];

    expect((await examine(routes)).map(({ kind, finding }) => `${kind}: ${finding}`)).toEqual([
      'ok: shell serves its scripts below /_next',
      'ok: admin serves its scripts below /_next',
    ]);
  });

  it.each([
    { name: 'a service', application: { mediaType: 'application/json', page: '{}' } },
    { name: 'a site without Next.js', application: { page: '<script src="/main.js"></script>' } },
    { name: 'an application whose scripts a CDN serves', application: { folder: 'https://cdn.example.com' } },
  ])('$name', async ({ application }) => {
    expect(await examine([pagesOf(await startApplication(application))])).toEqual([]);
  });
});

describe('scripts in a document', () => {
  const source = '<script src="/_next/static/a.js" nonce="abc"></script>';

  it.each([
    { name: 'data without a nonce', html: `${source}<script type="application/ld+json">{}</script>`, expected: false },
    { name: 'an inline script without one', html: `${source}<script>1</script>`, expected: true },
    { name: 'an inline script with another', html: `${source}<script nonce="abcd">1</script>`, expected: true },
    { name: 'a file without one', html: `${source}<script src="/_next/static/b.js"></script>`, expected: true },
  ])('are judged: $name', ({ html, expected }) => {
    expect(toZonePage(html, nonce)?.hasScriptWithoutNonce).toBe(expected);
  });

  it('are found under any assets path, and nothing of their query is kept', () => {
    const segment = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 3 }), fc.string(), (segments, before) => {
        const path = `${segments.map((part) => `/${part}`).join('')}/_next/static/chunks/a.js`;
        const html = `${before.replaceAll('<', '')}<script src="${path}?dpl=1" async=""></script>`;

        expect(toZonePage(html, '')).toEqual({ script: path, hasScriptWithoutNonce: false });
      }),
    );
  });

  it('are none in any text that names none', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (html, policy) => {
        fc.pre(!html.includes('/_next/static/'));
        expect(toZonePage(html, policy)).toBeUndefined();
      }),
    );
  });
});
