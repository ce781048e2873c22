import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTokenSystem, tokenStores, type TokenReply, type TokenSystem } from './token-system.ts';

// Processes are killed and started again.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Around each durable write of the token endpoint. */
const points = ['artifact-kept', 'artifact-used', 'transaction-committed'].flatMap((name) => [
  `before ${name}`,
  `after ${name}`,
]);
const callers = 50;

describe.each(tokenStores)('the token endpoint of the provider', (stores) => {
  describe.skipIf(!stores.isAvailable)(`at gateways [${stores.name}]`, () => {
    let system: TokenSystem;
    beforeAll(async () => {
      system = await startTokenSystem(stores);
    });
    afterAll(() => system.close());

    const send = (gateway: number, form: Readonly<Record<string, string>>): Promise<TokenReply> => {
      const { id, secret } = system.client;
      return system.postForm(
        gateway,
        '/oauth2/token',
        form,
        `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      );
    };
    const refresh = (gateway: number, token: string): Promise<TokenReply> =>
      send(gateway, { grant_type: 'refresh_token', refresh_token: token });
    /** A code, and what redeems it. */
    const authorize = async (gateway = 0): Promise<Readonly<Record<string, string>>> => {
      const { id, redirectUri, resource } = system.client;
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid',
        resource,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const back = await system.visit(gateway, `/oauth2/auth?${query.toString()}`);
      const code = back.searchParams.get('code') ?? expect.fail(`no code: ${back.href}`);
      return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
    };
    /** A device that waits, its question for tokens, and its user's answer. */
    const beginDevice = async () => {
      const { id, secret, resource } = system.client;
      const proof = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      const form = { scope: 'openid offline_access', resource };
      const { body } = await system.postForm(0, '/oauth2/device', form, proof);
      const cookie = await system.cookie(0);
      return {
        poll: (gateway: number) =>
          send(gateway, {
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            device_code: String(body['device_code']),
          }),
        answer: (gateway: number, decision: 'allow' | 'deny') =>
          system.postAs(cookie, gateway, '/auth/device/decision', { userCode: body['user_code'], decision }),
      };
    };
    const signIn = async (gateway = 0) => tokensOf(await send(gateway, await authorize(gateway)));
    /** Asks the first gateway, which dies of it; then the other one, or the first when it is back. */
    const survive = async (point: string, ask: (gateway: number) => Promise<TokenReply>): Promise<TokenReply> => {
      system.arm(point);
      const lost = await ask(0);
      expect({ point, status: lost.status }).toEqual({ point, status: 0 });
      system.disarm();
      if (stores.gateways === 1) await system.restart();
      const answer = await ask(1);
      if (stores.gateways > 1) await system.restart();
      return answer;
    };

    it.each(points)('burns no code when it is killed %s', async (point) => {
      const code = await authorize();
      const { refresh: token, access } = tokensOf(await survive(point, (gateway) => send(gateway, code)));
      expect(await system.call(0, access)).toBe(200);
      expect((await refresh(0, token)).status).toBe(200);
    });

    it.each(points)('burns no refresh token when it is killed %s', async (point) => {
      const { refresh: token } = await signIn();
      const { refresh: next, access } = tokensOf(await survive(point, (gateway) => refresh(gateway, token)));
      expect(await system.call(0, access)).toBe(200);
      expect((await refresh(0, next)).status).toBe(200);
    });

    it('gives one successor to fifty refreshes at once, and the same one to a client whose answer was lost', async () => {
      const { refresh: token } = await signIn();
      const answers = await Promise.all(Array.from({ length: callers }, (_, index) => refresh(index, token)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: callers }, () => 200));
      const successors = new Set(answers.map((answer) => tokensOf(answer).refresh));
      expect(successors.size).toBe(1);
      const [successor = ''] = successors;
      expect(tokensOf(await refresh(1, token)).refresh).toBe(successor);
      expect((await refresh(0, successor)).status).toBe(200);
    });

    it('redeems a code once, however many come at once', async () => {
      const code = await authorize();
      const answers = await Promise.all(Array.from({ length: callers }, (_, index) => send(index, code)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map((answer) => tokensOf(answer).refresh)).size).toBe(1);
    });

    it('gives one answer for the code of a device, however many ask, and to a device whose gateway died of it', async () => {
      const { poll, answer } = await beginDevice();
      expect((await answer(1, 'allow')).status).toBe(200);
      const answers = await Promise.all(Array.from({ length: callers }, (_, index) => poll(index)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map((each) => tokensOf(each).refresh)).size).toBe(1);
      const other = await beginDevice();
      await other.answer(0, 'allow');
      const { refresh: token, access } = tokensOf(await survive('after artifact-kept', other.poll));
      expect(await system.call(0, access)).toBe(200);
      expect((await refresh(1, token)).status).toBe(200);
    });

    it('takes one decision of two pages at two gateways, and gives the device that one', async () => {
      for (let round = 0; round < 4; round++) {
        const { poll, answer } = await beginDevice();
        const both = await Promise.all([answer(0, 'allow'), answer(1, 'deny')]);
        const [allowed, denied] = both.map(({ status }) => status === 200);
        expect([allowed, denied].filter(Boolean)).toHaveLength(1);
        expect((await poll(round)).status).toBe(allowed === true ? 200 : 400);
      }
    });

    it('refuses a used code with another proof, ends nothing for that, and reports no reuse', async () => {
      const reports = { model: 'sallyportEvent', where: [{ field: 'type', value: 'oauth-token.reused' }] };
      const before = await system.stores.database.records.count(reports);
      const code = await authorize();
      const { access } = tokensOf(await send(0, code));
      const another = { ...code, code_verifier: randomBytes(32).toString('base64url') };
      expect(await send(1, another)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(await system.call(0, access)).toBe(200);
      expect(await system.stores.database.records.count(reports)).toBe(before);
    });

    it('ends the grant at every gateway when a refresh token comes again later, and reports it', async () => {
      const { refresh: token } = await signIn();
      const { refresh: next, access } = tokensOf(await refresh(0, token));
      const { records } = system.stores.database;
      const model = 'sallyportOAuthArtifact';
      const long = new Date(Date.now() - 60_000);
      await records.updateMany({
        model,
        where: [{ field: 'kind', value: 'TokenAnswer' }],
        update: { createdAt: long },
      });
      expect(await refresh(1, token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      for (let gateway = 0; gateway < stores.gateways; gateway++) {
        expect((await refresh(gateway, next)).status).toBe(400);
        await expect.poll(() => system.call(gateway, access), { timeout: 10_000 }).toBe(401);
      }
      const reports = { model: 'sallyportEvent', where: [{ field: 'type', value: 'oauth-token.reused' }] };
      expect(await records.count(reports)).toBe(1);
    });
  });
});

function tokensOf({ status, body }: TokenReply): { readonly access: string; readonly refresh: string } {
  if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}
