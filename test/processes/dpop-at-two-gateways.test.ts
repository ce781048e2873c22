import { request as sendRequest, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDpopClient } from '@sallyport/gateway/test-support';
import { testPolicy } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeGatewayPair, type GatewayPair, type PairIndex } from './gateway-pair.ts';
import { postgresUrl } from './postgres-schema.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
/** Of both gateways: what clients call is in front of them. */
const host = 'localhost:3999';
const origin = `http://${host}`;

interface Answer {
  readonly status: number;
  readonly body: string;
}

describe.skipIf(postgresUrl === '' || redisUrl === '')(
  'a proof of possession at two gateways [postgres + redis]',
  () => {
    const holder = createDpopClient();
    let upstream: Server;
    let pair: GatewayPair;
    let credentials: string;
    let token: string;

    beforeAll(async () => {
      upstream = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
      await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
      pair = await makeGatewayPair(redisUrl, {
        publicUrl: origin,
        policy: testPolicy,
        routes: [
          {
            name: 'shop',
            prefix: '/api/shop',
            upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            audience: 'shop',
            access: { permissions: ['product:read'] },
            credentials: ['opaque'],
          },
        ],
        oauthProvider: { accessTokens: 'opaque' },
      });
      for (const index of [0, 1] as const) await pair.start(index, '1:kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA');
      const made = (await pair.gateways[0]?.control.operate(
        'oauth-clients/create',
        {
          name: 'Robot',
          authentication: 'client_secret_basic',
          grantTypes: ['client_credentials'],
          scopes: ['product:read'],
          resources: [origin],
          dpop: 'required',
        },
        { actor: 'operator:ada', requestId: 'operator', address: 'local' },
      )) as { readonly client: { readonly id: string }; readonly secret: string };
      credentials = Buffer.from(`${made.client.id}:${made.secret}`).toString('base64');
      const answer = await askForToken(0, tokenProof());
      token = (JSON.parse(answer.body) as { readonly access_token: string }).access_token;
    });
    afterAll(async () => {
      await pair.close();
      upstream.closeAllConnections();
      upstream.close();
    });

    const send = (index: PairIndex, method: string, path: string, headers: Record<string, string>, body = '') =>
      new Promise<Answer>((resolve, reject) => {
        const { port } = new URL(pair.originOf(index));
        const request = sendRequest(
          { host: '127.0.0.1', port, method, path, headers: { host, ...headers } },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
          },
        );
        request.once('error', reject);
        request.end(body);
      });
    const tokenProof = (): string =>
      holder.proof({ method: 'POST', url: `${origin}/oauth2/token`, token: '', at: Date.now() });
    const callProof = (): string => holder.proof({ method: 'GET', url: `${origin}/api/shop/x`, token, at: Date.now() });
    const askForToken = (index: PairIndex, dpop: string): Promise<Answer> =>
      send(
        index,
        'POST',
        '/oauth2/token',
        { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded', dpop },
        'grant_type=client_credentials&scope=product:read',
      );
    const call = (index: PairIndex, dpop: string): Promise<Answer> =>
      send(index, 'GET', '/api/shop/x', { authorization: `DPoP ${token}`, dpop });
    const countOf = async (answers: readonly Promise<Answer>[]): Promise<number> =>
      (await Promise.all(answers)).filter(({ status }) => status === 200).length;

    it('opens a route at each of them, and none at the other one afterwards', async () => {
      for (const [one, other] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const proof = callProof();
        expect((await call(one, proof)).status).toBe(200);
        const replayed = await call(other, proof);
        expect([replayed.status, replayed.body]).toEqual([401, expect.stringContaining('SP_DPOP_PROOF_INVALID')]);
      }
    });

    it('is taken once of twenty requests at both at the same time', async () => {
      const proof = callProof();
      const indexes = Array.from({ length: 20 }, (_, index) => (index % 2) as PairIndex);
      expect(await countOf(indexes.map((index) => call(index, proof)))).toBe(1);
      const again = tokenProof();
      expect(await countOf(indexes.map((index) => askForToken(index, again)))).toBe(1);
    });
  },
);
