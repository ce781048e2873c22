import { omits, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { anonymous, either, nothing, user } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* N: every spelling by which Next.js serves a page, and what it says to itself. */

const n01 = row('N01', 'Next.js CVE-2025-29927');
const n02 = row('N02', 'Next.js cache poisoning reports');
const n03 = row('N03', 'Next.js _next/data: policy of the page');
const n04 = row('N04', 'Next.js CVE-2026-44575');
const n05 = row('N05', 'Next.js CVE-2026-44573');
const n06 = row('N06', 'Next.js image optimizer');
const n07 = row('N07', 'next-auth #7522: prefetches are anonymous');
const n08 = row('N08', 'Envoy gateway #9632');
const n09 = row('N09', 'Ordinary files of Next.js must not be harmed');
const n10 = row('N10', 'No sign-in in a frame');
const n11 = row('N11', 'Next.js CVE-2026-44574');

const evil = 'evil-next';
const unknown = { status: 401, upstream: nothing, answer: [omits('location', 'set-cookie')] } as const;
const forbidden = { status: 403, upstream: nothing } as const;
const navigation = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'] as const;

/** Paths that Next.js answers with the data of `/admin`, `/admin/x` or what is below. */
const spellingsOfAdmin = [
  '/admin.rsc',
  '/admin/x.rsc',
  '/admin/x.prefetch.rsc',
  '/admin.prefetch.rsc',
  '/admin.segments/_tree.segment.rsc',
  '/admin.segments/_index.segment.rsc',
  '/admin.segments/admin/__PAGE__.segment.rsc',
  '/admin/x.segments/_tree.segment.rsc',
  '/admin/x.segments/_full.segment.rsc',
  '/admin/x.segments/!KGdyb3VwKQ/__PAGE__.segment.rsc',
  '/admin.action',
  '/admin.json',
  '/admin.html',
  '/admin.txt',
  '/admin.meta',
  '/_next/data/build-id/admin.json',
  '/_next/data/build-id/admin/x.json',
  '/_next/data/build-id/admin/index.json',
  '/_next/data/development/admin/x.json',
  '/_next/data/a%20b/admin/x.json',
  '/_next/data/build-id/%61dmin/x.json',
  '/_next/data/build-id/admin/x.json?slug=x',
  '/_next/data/admin/admin.json',
  '/%61dmin.rsc',
  '/admin%2ersc',
  '/admin%2Esegments/_tree.segment.rsc',
  '/_next/data/build-id/admin/x',
  '/_next/data/build-id/admin',
  '/_next/d%61ta/build-id/admin/x.json',
  '/_next/image?url=%2Fadmin%2Fx.png&w=640&q=75',
  '/_next/image?url=/admin/x.png&w=640&q=75',
  '/_next/image?w=640&q=75&url=%2Fadmin%2Fx.png',
  '/_next/image?url=%2F_next%2Fdata%2Fbuild-id%2Fadmin.json&w=640&q=75',
  '/_next/data/build-id/index/admin.json',
  '/_next/data/build-id/index/admin/x.json',
  '/_next/data/build-id/admin.json/',
  '/_NEXT/data/build-id/admin.json',
  '/_Next/Data/build-id/admin/x.json',
  '/admin.rsc/',
  '/admin.html/',
] as const;

const locales = ['de', 'DE', 'De', 'en', 'fr'] as const;

export const nextCases: readonly AttackCase[] = [
  ...n01.requests(
    [
      'middleware',
      'middleware:middleware:middleware:middleware:middleware',
      'src/middleware:src/middleware:src/middleware:src/middleware:src/middleware',
      'pages/_middleware',
      'src/proxy',
      '1',
    ].flatMap((value) =>
      ['x-middleware-subrequest', 'X-Middleware-Subrequest', 'x_middleware_subrequest', 'x-middleware.subrequest'].map(
        (name) => ({
          target: '/page',
          headers: [`${name}: ${value}-${evil}`],
        }),
      ),
    ),
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...n01.requests(
    [
      {
        target: '/admin/x',
        headers: ['x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware'],
      },
    ],
    unknown,
  ),
  ...n02.requests(
    [
      'x-middleware-rewrite',
      'x-middleware-next',
      'x-middleware-prefetch',
      'x-middleware-set-cookie',
      'x-middleware-override-headers',
      'x-middleware-request-authorization',
      'x-middleware-cache',
      'x-middleware-invoke',
      'x-middleware-subrequest-id',
      'x-nextjs-data',
      'x-nextjs-redirect',
      'x-nextjs-rewrite',
      'x-nextjs-matched-path',
      'x-nextjs-postponed',
      'x-next-resume-state-length',
      'x-next-cache-tags',
      'x-next-revalidated-tags',
      'x-next-revalidate-tag-token',
      'x-invoke-path',
      'x-invoke-query',
      'x-invoke-output',
      'x-invoke-status',
      'x-invoke-error',
      'x-matched-path',
      'x-now-route-matches',
      'x-vercel-id',
      'x-vercel-ip-country',
      'x-vercel-protection-bypass',
      'x-prerender-revalidate',
      'x-prerender-revalidate-if-generated',
      'x-prerender-bypass-mode',
      'next-resume',
      'x-action-forwarded',

      'Next_Resume',
      'x-invoke_path',
      'X.Matched.Path',
    ].map((name) => ({
      target: '/page',
      headers: [`${name}: ${evil}`],
    })),
    { status: 200, upstream: anonymous({ nowhere: [evil] }) },
  ),
  ...n03.requests(
    spellingsOfAdmin.map((target) => ({ target })),
    unknown,
  ),
  ...n03.requests(
    spellingsOfAdmin.map((target) => ({ target, headers: [cookieOf('alice')] })),
    forbidden,
  ),
  ...n03.requests(
    spellingsOfAdmin.slice(0, 18).map((target) => ({ target: target.replace('admin', 'api') })),
    unknown,
  ),
  ...spellingsOfAdmin
    .filter((target) => !target.includes('_next/image'))
    .flatMap((target) =>
      n03.requests([{ target, headers: [cookieOf('root')] }], { status: 200, upstream: user('root', { target }) }),
    ),
  ...n04.requests(
    [
      ['RSC: 1'],
      ['RSC: 1', 'Next-Router-State-Tree: %5B%22%22%5D'],
      ['Next-Router-State-Tree: %5B%22%22%5D'],
      ['Next-Router-Segment-Prefetch: /_tree'],
      ['Next-Url: /public'],
      ['Next-HMR-Refresh: 1'],
      ['rsc: 0'],
      ['RSC: 1', ...navigation],
      ['Next-Router-State-Tree: x', ...navigation],
    ].flatMap((headers) =>
      ['/admin/x', '/api/x', '/admin/x?_rsc=abc', '/admin/x.rsc?_rsc=abc'].map((target) => ({ target, headers })),
    ),
    unknown,
  ),
  ...n04.requests(
    [
      { target: '/admin/x?_rsc=abc', headers: navigation },
      { target: '/admin/x.rsc', headers: navigation },
      { target: '/_next/data/b/admin/x.json', headers: navigation },
    ],
    unknown,
  ),
  ...n04.requests([{ target: '/page', headers: ['RSC: 1', 'Next-Router-State-Tree: x', 'Next-Url: /page'] }], {
    status: 200,
    upstream: anonymous({ headers: { rsc: '1', 'next-router-state-tree': 'x', 'next-url': '/page' } }),
  }),
  ...n05.requests(
    locales.flatMap((locale) =>
      [
        `/${locale}/admin/x`,
        `/${locale}/admin`,
        `/${locale}/api/x`,
        `/${locale}/admin.rsc`,
        `/${locale}/admin.segments/_tree.segment.rsc`,
        `/_next/data/build-id/${locale}/admin/x.json`,
      ].map((target) => ({ target })),
    ),
    unknown,
  ),
  ...n05.requests(
    locales.map((locale) => ({ target: `/${locale}/admin/x`, headers: [cookieOf('alice')] })),
    forbidden,
  ),
  ...n05.requests([{ target: '/de/%61dmin/x' }, { target: '/%64e/admin/x' }], unknown),
  ...locales.flatMap((locale) =>
    n05.requests([{ target: `/${locale}/admin/x`, headers: [cookieOf('root')] }], {
      status: 200,
      upstream: user('root', { target: `/${locale}/admin/x` }),
    }),
  ),
  ...n05.requests([{ target: '/de' }, { target: '/de/page' }, { target: '/den/admin' }, { target: '/page/de/admin' }], {
    status: 200,
    upstream: anonymous(),
  }),
  ...n06.requests(
    [
      '/_next/image?url=%2Fadmin%2Fx.png&url=%2Fpublic%2Fx.png',
      '/_next/image?url=%252Fadmin',
      '/_next/image?url=%2F%2Fevil.test%2Fx',
      '/_next/image?url=%5Cevil',
      '/_next/image?url=/public/../admin/x',
      '/_next/image?%75rl=/admin/x',
      '/_next/image?url=http://127.0.0.1/x',
      '/_next/image?url=',
      '/_next/image?url=%2F%61dmin%2Fx',
    ].map((target) => ({ target })),
    { status: [400, 401], upstream: nothing },
  ),
  ...n07.requests(
    [
      ['Next-Router-Prefetch: 1'],
      ['Purpose: prefetch'],
      ['Sec-Purpose: prefetch'],
      ['Sec-Purpose: prefetch;prerender'],
      ['X-Purpose: preview'],
      ['X-Moz: prefetch'],
      ['Next-Router-Segment-Prefetch: /_tree'],
      ['Next-Router-Prefetch: 2'],
    ].flatMap((lines) => ['/admin/x', '/api/x'].map((target) => ({ target, headers: [...navigation, ...lines] }))),
    unknown,
  ),
  ...n08.requests(
    [
      ['Sec-Fetch-Mode: cors', 'Accept: application/json'],
      ['Accept: application/json'],
      ['Accept: */*'],
      [],
      ['X-Requested-With: XMLHttpRequest', 'Accept: application/json'],
      ['Sec-Fetch-Mode: cors', 'Accept: text/html'],
      ['Sec-Fetch-Mode: same-origin', 'Accept: text/html'],
      ['Sec-Fetch-Mode: no-cors', 'Accept: text/html', 'Sec-Fetch-Dest: image'],
      ['Sec-Fetch-Mode: websocket', 'Accept: text/html'],
      ['Sec-Fetch-Dest: empty', 'Accept: text/html'],
      ['Sec-Fetch-Site: same-origin', 'Accept: text/html'],
      ['Accept: text/event-stream'],
    ].map((headers) => ({ target: '/api/x', headers })),
    { ...unknown, answer: [...unknown.answer, says('content-type', /^application\/problem\+json/)] },
  ),
  ...n08.requests(
    [
      { method: 'POST', target: '/api/x', headers: navigation, body: 'x' },
      { method: 'HEAD', target: '/api/x', headers: navigation },
    ],
    unknown,
  ),
  ...n08.requests([{ target: '/api/x', headers: navigation }], {
    status: [302, 303],
    upstream: nothing,
    answer: [says('location', /^\/auth\/sign-in\?/), says('cache-control', /no-store/), omits('set-cookie')],
  }),
  ...[
    '/_next/static/chunks/main.js',
    '/_next/static/css/app.css',
    '/favicon.ico',
    '/robots.txt',
    '/manifest.json',
    '/_next/data/build-id/index.json',
    '/_next/data/build-id/page.json',
    '/page.rsc',
    '/index.rsc',
    '/page.segments/_tree.segment.rsc',
    '/_next/image?url=%2Fpublic%2Fx.png&w=640&q=75',
    '/_next/image?url=%2Flogo.png&w=640&q=75',
  ].flatMap((target) => n09.requests([{ target }], { status: 200, upstream: anonymous({ target }) })),
  ...n10.requests(
    ['iframe', 'frame', 'object', 'embed', 'fencedframe'].map((dest) => ({
      target: '/api/x',
      headers: ['Accept: text/html', 'Sec-Fetch-Mode: navigate', `Sec-Fetch-Dest: ${dest}`],
    })),
    {
      ...unknown,
      answer: [
        ...unknown.answer,
        (answer) =>
          says('content-security-policy', /frame-ancestors/)(answer) === undefined ||
          says('x-frame-options', /./)(answer) === undefined
            ? undefined
            : 'the page may be framed',
      ],
    },
  ),
  ...n11.requests(
    [
      '/page?nxtPslug=admin',
      '/page?nxtIslug=admin',
      '/page?a=1&nxtPslug=admin',
      '/page?%6extPslug=admin',
      '/page?nxt%50slug=admin',
      '/page?%6e%78%74Pslug=admin',
      '/page?nxtP=1',
      '/page?a=1;nxtPslug=x',
      '/page?__nextDataReq=1',
      '/page?a=1&__nextLocale=de',
      '/page?%5f_nextDataReq=1',
      '/page?_nextBubbleNoFallback=1',
    ].map((target) => ({ target })),
    { status: [200, 400], upstream: either(nothing, anonymous({ nowhere: ['nxtP', 'nxtI', '%6extP', '_next'] })) },
  ),
  ...n11.requests([{ target: '/page?next=1' }, { target: '/page?a=nxtPx' }], { status: 200, upstream: anonymous() }),
];
