import { X509Certificate } from 'node:crypto';
import {
  type AuthenticatedCaller,
  type Authenticator,
  freezePrincipal,
  readClientCertificate,
  readMachineTrust,
  type TokenConfirmation,
} from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { createDpopClient } from '../test-support/dpop-client.ts';
import { createMachineClient, type MachineAnswer, type MachineClient } from '../test-support/machine-client.ts';
import { createTestAuthority, type TestAuthority, type TestLeaf } from '../test-support/test-authority.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const holder = createDpopClient();
const confirmations = new Map<string, TokenConfirmation | undefined>([
  ['free', undefined],
  ['proved', { jkt: holder.jkt }],
]);
const refusals: RequestRecord[] = [];
let root: TestAuthority;
let bank: TestLeaf;
let another: TestLeaf;
let gateway: TestGateway;
let port: number;
const clients: MachineClient[] = [];

const tokens: Authenticator = {
  kind: 'bearer',
  recognize: ({ header, value }) =>
    header === 'authorization' ? /^(?:bearer|dpop) +(\w+)$/i.exec(value)?.[1] : undefined,
  authenticate: (token) => {
    const caller = callerOf(token);
    return caller === null
      ? { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'unknown' }
      : { kind: 'authenticated', caller };
  },
  alwaysReadsStore: true,
  recheck: async (id) => callerOf(id),
};

function callerOf(token: string): AuthenticatedCaller | null {
  if (!confirmations.has(token)) return null;
  const confirmation = confirmations.get(token);
  const principal = freezePrincipal({
    kind: 'user',
    id: 'alice',
    clientId: 'bank',
    roles: [],
    permissions: ['product:read'],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(),
    credential: 'bearer',
    generation: { session: 1, user: 1, policy: 1 },
  } as const);
  return { principal, credentialId: token, endedBy: [], ...(confirmation === undefined ? {} : { confirmation }) };
}

beforeAll(async () => {
  root = await createTestAuthority();
  const server = await root.issue('CN=app.test', { dns: ['app.test', 'localhost'], purpose: 'server' });
  bank = await root.issue('CN=bank');
  another = await root.issue('CN=another');
  confirmations.set('bound', { x5tS256: readClientCertificate(bank.cert).thumbprint });
  gateway = await startTestGateway({
    authenticators: [tokens],
    machines: { publicUrl: 'https://machines.test' },
    onRefusal: (record) => refusals.push(record),
    moreRoutes: [
      { name: 'tokens', prefix: '/tokens', credentials: ['session', 'bearer'] },
      { name: 'sessions', prefix: '/sessions' },
    ],
  });
  const outcome = readMachineTrust({ ca: root.cert, crl: await root.list([]) }, new Date());
  if (outcome.kind === 'refused') throw new TypeError(JSON.stringify(outcome.problems));
  ({ port } = await gateway.gateway.listenMachines({ host: '127.0.0.1', port: 0, tls: server, trust: outcome.trust }));
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  refusals.length = 0;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function clientOf(leaf: Pick<TestLeaf, 'cert' | 'key'> | undefined): MachineClient {
  const client = createMachineClient(port, leaf ?? {}, 'machines.test');
  clients.push(client);
  return client;
}
const send = (leaf: TestLeaf | undefined, headers: Readonly<Record<string, string>>, path = '/tokens/x') =>
  clientOf(leaf).get(path, headers);
const codeOf = ({ status, body }: MachineAnswer): unknown[] => [
  status,
  (JSON.parse(body) as { readonly code: unknown }).code,
];

describe('a token that is bound to a certificate', () => {
  it('opens a route over a connection with that certificate, for the user of the token', async () => {
    expect((await send(bank, { Authorization: 'Bearer bound' })).status).toBe(200);
    const [, payload = ''] = String(gateway.upstream.seen[0]?.headers['authorization']).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ sub: 'alice', cred: 'bearer' });
  });

  it('is judged on every request, whatever is remembered', async () => {
    expect((await send(bank, { Authorization: 'Bearer bound' })).status).toBe(200);
    expect(codeOf(await send(another, { Authorization: 'Bearer bound' }))).toEqual([401, 'SP_TOKEN_INVALID']);
    expect(refusals.map(({ reason }) => reason)).toEqual(['token-of-another-certificate']);
    expect((await send(bank, { Authorization: 'Bearer bound' })).status).toBe(200);
  });

  it('is worth nothing without a certificate, and at the public listener, whatever a header says', async () => {
    expect((await send(undefined, { Authorization: 'Bearer bound' })).status).toBe(401);
    const pem = encodeURIComponent(new X509Certificate(bank.cert).toString());
    const der = `:${new X509Certificate(bank.cert).raw.toString('base64')}:`;
    for (const more of [{}, { 'Client-Cert': der }, { 'X-SSL-Client-Cert': pem }]) {
      const answer = await gateway.send('GET', '/tokens/x', { Authorization: 'Bearer bound', ...more });
      expect(answer.status).toBe(401);
    }
    expect(gateway.upstream.started).toBe(0);
  });

  it('is refused under the scheme of other proofs', async () => {
    const at = Date.now();
    const proof = holder.proof({ method: 'GET', url: 'https://machines.test/tokens/x', token: 'bound', at });
    expect(codeOf(await send(bank, { Authorization: 'DPoP bound', DPoP: proof }))).toEqual([401, 'SP_TOKEN_INVALID']);
  });

  it('is refused on a route that takes no tokens', async () => {
    expect((await send(bank, { Authorization: 'Bearer bound' }, '/sessions/x')).status).toBe(401);
  });
});

describe('another token beside a certificate', () => {
  it('is refused where it is bound to nothing: the certificate may be that of another caller', async () => {
    expect(codeOf(await send(bank, { Authorization: 'Bearer free' }))).toEqual([401, 'SP_TOKEN_INVALID']);
    expect(refusals[0]?.reason).toBe('token-not-bound-to-certificate');
  });

  it('is taken with a proof of its own key, for the address that machines call', async () => {
    const proofFor = (url: string): string => holder.proof({ method: 'GET', url, token: 'proved', at: Date.now() });
    const call = (url: string): Promise<MachineAnswer> =>
      send(another, { Authorization: 'DPoP proved', DPoP: proofFor(url) });
    expect((await call('https://machines.test/tokens/x')).status).toBe(200);
    expect(codeOf(await call('https://app.test/tokens/x'))).toEqual([401, 'SP_DPOP_PROOF_INVALID']);
    const publicly = await gateway.send('GET', '/tokens/x', {
      Authorization: 'DPoP proved',
      DPoP: proofFor('https://machines.test/tokens/x'),
    });
    expect(publicly.status).toBe(401);
  });

  it.each(['Bearer unknown', 'Basic eDp5', 'ApiKey x'])(
    'conflicts with it, or is unknown: %s',
    async (Authorization) => {
      expect((await send(bank, { Authorization })).status).toBeGreaterThanOrEqual(400);
      expect(gateway.upstream.started).toBe(0);
    },
  );
});
