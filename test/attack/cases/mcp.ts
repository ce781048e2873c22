import { omits, reveals, says } from '../runner/answer-oracles.ts';
import type { AttackCase } from '../runner/attack-case.ts';
import { nothing } from '../runner/upstream-oracles.ts';
import { cookieOf, row } from '../runner/write-case.ts';

/* T60 on: a route to an MCP server, and clients by metadata document at the one host that is listed. */

const t60 = row(
  'T60',
  'MCP authorization: a server that takes what was made for another (token passthrough, audience)',
);
const t61 = row('T61', 'MCP transports: pages that reach a server by DNS rebinding');
const t62 = row('T62', 'RFC 9728, section 7: metadata that a request writes');
const t63 = row('T63', 'CWE-918: addresses of metadata documents that a server is made to fetch');
const t64 = row('T64', 'RFC 7591: clients that register themselves');

const needs = 'sallyport' as const;
const metadata = 'https://app.test/.well-known/oauth-protected-resource/mcp';
const challenge = says('www-authenticate', new RegExp(`resource_metadata="${metadata.replaceAll('.', '\\.')}"`));
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}';
const json = 'Content-Type: application/json';

const credentials = [
  [],
  [cookieOf('root')],
  ['X-API-Key: {key}'],
  ['Authorization: ApiKey {key}'],
  ['Authorization: Bearer {key}'],
  ['Authorization: Bearer sp_at_x'],
  ['Authorization: Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJhdWQiOiJodHRwczovL2FwcC50ZXN0L21jcCJ9.'],
  ['Authorization: Basic cm9vdDpyb290'],
  ['Mcp-Session-Id: 1868a90c-2c3e-4b0f-9e0a-6f1f3d1a2b3c'],
  ['Mcp-Session-Id: 1868a90c', cookieOf('root')],
] as const;

const documents = [
  'http://agent.test/client.json',
  'https://evil.test/client.json',
  'https://agent.test.evil.test/client.json',
  'https://agent.test@evil.test/client.json',
  'https://agent.test:8443/client.json',
  'https://agent.test',
  'https://agent.test/../client.json',
  'https://agent.test/client.json#x',
  'https://agent.test/client.json?to=https://evil.test',
  'https://127.0.0.1/client.json',
  'https://[::1]/client.json',
  'https://169.254.169.254/latest/meta-data',
  'https://localhost/client.json',
  'https://AGENT.TEST/client.json',
  'file:///etc/passwd',
  'data:application/json,{}',
].map((address) => encodeURIComponent(address));
const rest = '&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&code_challenge_method=S256&code_challenge=x';

export const mcpCases: readonly AttackCase[] = [
  ...t60.requests(
    credentials.flatMap((headers) => [
      { target: '/mcp', headers },
      { method: 'POST', target: '/mcp', headers: [json, ...headers], body: call },
      { method: 'DELETE', target: '/mcp/x', headers },
    ]),
    { status: 401, upstream: nothing, needs, answer: [challenge, omits('set-cookie', 'location')] },
  ),
  ...t60.requests([{ target: '/mcp?access_token=x' }, { target: '/MCP' }], {
    status: 401,
    upstream: nothing,
    needs,
    answer: [challenge],
  }),
  ...t60.requests(
    [
      { method: 'PUT', target: '/mcp' },
      { method: 'PATCH', target: '/mcp' },
    ],
    {
      status: [401, 403],
      upstream: nothing,
      needs,
    },
  ),
  ...t61.requests(
    ['Origin: https://evil.test', 'Origin: null', 'Origin: http://127.0.0.1', 'Origin: https://spa.test'].flatMap(
      (origin) => [
        { target: '/mcp', headers: [origin] },
        { method: 'POST', target: '/mcp', headers: [origin, json], body: call },
        { method: 'DELETE', target: '/mcp', headers: [origin] },
      ],
    ),
    { status: 403, upstream: nothing, needs, answer: [omits('access-control-allow-origin')] },
  ),
  ...t61.requests(
    [
      { target: '/mcp', host: 'evil.test' },
      { target: '/mcp', host: '127.0.0.1' },
    ],
    {
      status: 421,
      upstream: nothing,
      needs,
    },
  ),
  ...t62.requests(
    [[], ['X-Forwarded-Host: evil.test'], ['Forwarded: host=evil.test;proto=http'], ['X-Forwarded-Proto: http']].map(
      (headers) => ({ target: '/.well-known/oauth-protected-resource/mcp', headers }),
    ),
    { status: 200, upstream: nothing, needs, answer: [says('content-type', /json/), reveals('evil').nothingOf] },
  ),
  ...t63.requests(
    documents.map((id) => ({ target: `/oauth2/auth?client_id=${id}${rest}` })),
    { status: [400, 401], upstream: nothing, needs, answer: [omits('location')] },
  ),
  ...t63.requests(
    documents.map((id) => ({
      method: 'POST',
      target: '/oauth2/token',
      headers: ['Content-Type: application/x-www-form-urlencoded'],
      body: `grant_type=authorization_code&code=x&client_id=${id}`,
    })),
    { status: [400, 401], upstream: nothing, needs, answer: [omits('location', 'set-cookie')] },
  ),
  ...t64.requests(
    ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'].map((target) => ({ target })),
    { status: 200, upstream: nothing, needs, answer: [reveals('registration_endpoint').nothingOf] },
  ),
];
