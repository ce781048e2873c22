import type { AttackCase } from '../runner/attack-case.ts';
import { reveals } from '../runner/answer-oracles.ts';
import { anonymous, either, nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* Q: limits, health, what leaks, what is for operators only. */

const q01 = row('Q01', 'oauth2-proxy CVE-2026-34457');
const q02 = row('Q02', 'Pomerium CVE-2022-24797');
const q03 = row('Q03', 'Health by exact path');
const q07 = row('Q07', 'Bounds on headers');
const q08 = row('Q08', 'Bounds on bodies');
const q09 = row('Q09', 'Slow clients');
const q10 = row('Q10', 'Pomerium; YARP');
const q14 = row('Q14', 'Errors say nothing of the request');
const q16 = row('Q16', 'Sessions of other people');
const q17 = row('Q17', 'Pomerium CVE-2024-47616');
const host = 'Host: app.test\r\n';

export const limitCases: readonly AttackCase[] = [
  ...q01.requests(
    [
      'GoogleHC/1.0',
      'kube-probe/1.31',
      'ELB-HealthChecker/2.0',
      'Amazon-Route53-Health-Check-Service',
      'Consul Health Check',
      'UptimeRobot/2.0',
      'Prometheus/2.0',
    ].flatMap((agent) =>
      ['/api/x', '/admin/x', '/api/healthz', '/admin/readyz'].map((target) => ({
        target,
        headers: [`User-Agent: ${agent}`],
      })),
    ),
    { status: 401, upstream: nothing },
  ),
  ...q02.requests(
    [
      '/metrics',
      '/metrics/',
      '/METRICS',
      '/%6detrics',
      '/debug/pprof/',
      '/debug/vars',
      '/diagnostics',
      '/actuator/env',
      '/server-status',
      '/metrics.json',
    ].map((target) => ({ target })),
    { status: 404, upstream: nothing },
  ),
  ...q02.requests(
    ['/.sallyport', '/explain', '/__log', '/config', '/metrics-page', '/debugger'].map((target) => ({ target })),
    // There is nothing of ours there, so the shell may have a page of that name.
    {
      status: [200, 404],
      upstream: either(nothing, anonymous()),
      answer: [reveals('process_cpu', 'nodejs_').nothingOf],
    },
  ),
  ...q02.requests(
    ['/admin/api', '/admin/metrics', '/admin/debug'].map((target) => ({ target })),
    { status: [401, 404], upstream: nothing },
  ),
  ...q02.requests(
    ['/internal', '/internal/', '/internal/x', '/internal/.well-known/jwks.json/x', '/internal/.well-known/'].map(
      (target) => ({ target }),
    ),
    { status: [200, 404], upstream: either(nothing, anonymous()) },
  ),
  ...q03.requests(
    [
      '/healthz/',
      '/healthz?x',
      '/healthz/../admin',
      '/HEALTHZ',
      '/readyz/x',
      '//healthz',
      '/%68ealthz',
      '/healthz;x',
    ].map((target) => ({ target })),
    {
      status: [200, 400, 404],
      upstream: either(nothing, anonymous()),
    },
  ),
  ...q03.requests(
    [
      { target: '/healthz' },
      { target: '/readyz' },
      { target: '/healthz', host: '10.0.0.7:8080' },
      { method: 'HEAD', target: '/healthz' },
    ],
    { status: 200, upstream: nothing },
  ),
  ...q03.requests([{ method: 'POST', target: '/healthz', body: 'x', host: 'evil.test' }], {
    status: [400, 404, 405, 421],
    upstream: nothing,
  }),
  q07.bytes('20 KB in one header', `GET /public/x HTTP/1.1\r\n${host}A: ${'b'.repeat(20_000)}\r\n\r\n`, {
    status: [400, 431],
    upstream: nothing,
  }),
  q07.bytes('a target of 20 KB', `GET /public/${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, {
    status: [400, 414, 431],
    upstream: nothing,
  }),
  ...[101, 120, 500, 2100].map((count) =>
    q07.bytes(`${count} headers`, `GET /public/x HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(count)}\r\n`, {
      status: [400, 431],
      upstream: nothing,
    }),
  ),
  q07.bytes(
    '200 cookies',
    `GET /api/x HTTP/1.1\r\n${host}Cookie: ${Array.from({ length: 200 }, (_, index) => `a${index}=b`).join('; ')}\r\nConnection: close\r\n\r\n`,
    { status: [400, 431], upstream: nothing },
  ),
  q07.bytes(
    'a header named __proto__',
    `GET /public/x HTTP/1.1\r\n${host}__proto__: x\r\nconstructor: y\r\nConnection: close\r\n\r\n`,
    { status: [200, 400], upstream: either(nothing, anonymous()) },
  ),
  q07.bytes('a method of 10 KB', `${'G'.repeat(10_000)} /public/x HTTP/1.1\r\n${host}\r\n`, {
    status: [400, 405, 431],
    upstream: nothing,
  }),
  q08.bytes(
    'a length above the limit of the route',
    `POST /hooks/x HTTP/1.1\r\n${host}Content-Length: 1048577\r\n\r\n`,
    { status: 413, upstream: nothing },
  ),
  q08.bytes(
    'a length above the limit of all routes',
    `POST /public/x HTTP/1.1\r\n${host}Content-Length: 10000001\r\n\r\n`,
    { status: 413, upstream: nothing },
  ),
  q08.scenario('chunks above the limit are cut off on their way', async (kit) => {
    const wire = await kit.open();
    wire.send(`POST /hooks/x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let index = 0; index < 20; index++) wire.send(piece);
    const answer = await wire.next();
    if (answer?.status !== 413) kit.fail(`was answered ${answer?.status ?? 0}`);
    wire.destroy();
  }),
  q08.bytes(
    'a body within the limit',
    `POST /hooks/x HTTP/1.1\r\n${host}Content-Length: 5\r\nConnection: close\r\n\r\nhello`,
    { status: 200, upstream: anonymous({ body: 'hello' }) },
  ),
  q08.bytes(
    'a large body at identity',
    `POST /auth/sign-in/email HTTP/1.1\r\n${host}Origin: https://app.test\r\nContent-Type: application/json\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`,
    { status: 413, upstream: nothing },
  ),
  ...['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'].map((coding) =>
    q08.bytes(
      `a body in ${coding} at identity`,
      `POST /auth/sign-in/email HTTP/1.1\r\n${host}Origin: https://app.test\r\nContent-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n\u001f\u008b\b\u0000\u0000\u0000\u0000\u0000\u0000\u0003`,
      { status: [400, 413, 415, 422], upstream: nothing },
    ),
  ),
  q09.scenario('connections that say nothing do not keep others out', async (kit) => {
    const silent = await Promise.all(Array.from({ length: 100 }, () => kit.open()));
    for (const [index, wire] of silent.entries()) if (index % 2 === 0) wire.send('GET /public/x HTTP/1.1\r\nHo');
    if (!(await kit.isHealthy())) kit.fail('other clients are not served');
    for (const wire of silent) wire.destroy();
  }),
  ...q10.requests(
    [
      { target: '/public/x?sp_status=500' },
      { target: '/public/x?sp_status=503' },
      { target: '/public/x?sp_status=502' },
    ],
    { status: [500, 502, 503], upstream: anonymous() },
  ),
  ...q14.requests(
    [
      { target: '/api/c4n4ry?token=c4n4ry', headers: ['X-C4n4ry: c4n4ry', 'Cookie: c4n4ry=c4n4ry'] },
      { target: '//c4n4ry', headers: ['X-C: c4n4ry'] },
      { target: '/public/%c4n4ry' },
      { target: '/c4n4ry/../x' },
      { target: '/public/x', host: 'c4n4ry.test' },
      { method: 'TRACE', target: '/c4n4ry', headers: ['X-C: c4n4ry'] },
      { target: '/api/x', headers: ['Authorization: Bearer c4n4ry'] },
      { target: '/%3Cc4n4ry%3E//', headers: ['Accept: text/html', 'Sec-Fetch-Mode: navigate'] },
    ],
    { status: [400, 401, 405, 421], upstream: nothing, answer: [reveals('c4n4ry').nothingOf] },
  ),
  ...q16.requests(
    ['x', '../x', '0', 'MnIsa0jKXHu9sNtM2i2_fA', '*', '__proto__', '%27%20or%201', 'a'.repeat(500)].map((sid) => ({
      method: 'DELETE',
      target: `/auth/sessions/${sid}`,
      headers: [cookieOf('alice'), 'Origin: https://app.test'],
    })),
    { status: [400, 404], upstream: nothing },
  ),
  q16.scenario(
    'the list of sessions holds no cookie, and no user ends the session of another',
    async (kit) => {
      const list = async (name: 'alice' | 'root'): Promise<string> => {
        const wire = await kit.open();
        wire.send(kit.fill(`GET /auth/sessions HTTP/1.1\r\n${host}${cookieOf(name)}\r\nConnection: close\r\n\r\n`));
        const answer = await wire.next();
        wire.destroy();
        return answer?.body ?? '';
      };
      const roots = await list('root');
      if (roots.includes(kit.address.cookies.root)) kit.fail('the list holds the value of the cookie');
      const sid = /"sid":"([^"]+)","current":true/.exec(roots)?.[1] ?? kit.fail('the list names no session');
      const wire = await kit.open();
      wire.send(
        kit.fill(
          `DELETE /auth/sessions/${sid} HTTP/1.1\r\n${host}${cookieOf('alice')}\r\nOrigin: https://app.test\r\nConnection: close\r\n\r\n`,
        ),
      );
      const answer = await wire.next();
      wire.destroy();
      if (answer?.status !== 404) kit.fail(`ending root's session as alice was answered ${answer?.status ?? 0}`);
      if (!(await list('root')).includes(sid)) kit.fail("root's session ended");
    },
    'sallyport',
  ),
  ...q17.requests(
    ['roles', 'second-factor'].map((what) => ({
      method: what === 'roles' ? 'PUT' : 'DELETE',
      target: `/auth/users/x/${what}`,
      headers: [cookieOf('alice'), 'Origin: https://app.test', 'Content-Type: application/json'],
      ...(what === 'roles' ? { body: '{"roles":["admin"]}' } : {}),
    })),
    { status: [401, 403, 404], upstream: nothing },
  ),
  ...q17.requests(
    [
      {
        method: 'PUT',
        target: '/auth/users/x/roles',
        headers: ['Origin: https://app.test', 'Content-Type: application/json'],
        body: '{"roles":["admin"]}',
      },
    ],
    { status: 401, upstream: nothing },
  ),
];
