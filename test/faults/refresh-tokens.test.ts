import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTokenSystem, tokenAccount, tokenStores, type TokenReply, type TokenSystem } from './token-system.ts';

// Processes are killed and started again.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Before and after each durable write of a refresh, of a sign-in and of a revocation. */
const pointsOfRefresh = ['family-rotated'];
const pointsOfSignIn = ['session-made', 'family-begun', 'event-written'];
const pointsOfRevocation = ['session-ended', 'event-written'];
const around = (points: readonly string[]) => points.flatMap((name) => [`before ${name}`, `after ${name}`]);

const callers = 50;

describe.each(tokenStores)('tokens of programs', (stores) => {
  describe.skipIf(!stores.isAvailable)(`gateways [${stores.name}]`, () => {
    let system: TokenSystem;
    beforeAll(async () => {
      system = await startTokenSystem(stores);
    });
    afterAll(() => system.close());

    const signIn = async (gateway = 0): Promise<{ readonly access: string; readonly refresh: string }> =>
      tokensOf(await system.post(gateway, '/auth/token', { ...tokenAccount, device: 'Test' }));
    const refresh = (gateway: number, token: string): Promise<TokenReply> =>
      system.post(gateway, '/auth/token/refresh', { refresh_token: token });
    /** What was revoked through one gateway is heard of at the other. */
    const refusedAt = async (gateway: number, token: string): Promise<void> => {
      await expect.poll(() => system.call(gateway, token), { timeout: 10_000 }).toBe(401);
    };
    /** Asks the first gateway, which dies of it; then the other one, or the first when it is back. */
    const survive = async (point: string, ask: (gateway: number) => Promise<TokenReply>): Promise<TokenReply> => {
      system.arm(point);
      const lost = await ask(0);
      expect({ point, status: lost.status }).toEqual({ point, status: 0 });
      system.disarm();
      // A client does not wait for a gateway that is not there, but asks the next one.
      if (stores.gateways === 1) await system.restart();
      const answer = await ask(1);
      if (stores.gateways > 1) await system.restart();
      return answer;
    };

    it.each(around(pointsOfRefresh))('that are killed %s leave the user signed in', async (point) => {
      const { refresh: token } = await signIn();
      const answer = await survive(point, (gateway) => refresh(gateway, token));
      const { refresh: next, access } = tokensOf(answer);
      expect(await system.call(0, access)).toBe(200);
      expect((await refresh(0, next)).status).toBe(200);
    });

    it.each(around(pointsOfSignIn))('that are killed %s of a sign-in let the user sign in', async (point) => {
      const other = await signIn();
      const answer = await survive(point, (gateway) => system.post(gateway, '/auth/token', tokenAccount));
      const { refresh: token } = tokensOf(answer);
      expect((await refresh(0, token)).status).toBe(200);
      expect((await refresh(0, other.refresh)).status).toBe(200);
    });

    it.each(around(pointsOfRevocation))('that are killed %s of a revocation revoke when asked again', async (point) => {
      const { refresh: token, access } = await signIn();
      const answer = await survive(point, (gateway) =>
        system.post(gateway, '/auth/token/revoke', { refresh_token: token }),
      );
      expect(answer.status).toBe(200);
      expect(await refresh(0, token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      for (let gateway = 0; gateway < stores.gateways; gateway++) await refusedAt(gateway, access);
    });

    it('rotate once when a token comes fifty times at once, and answer all with one successor', async () => {
      const { refresh: token, access } = await signIn();
      const family = sidOf(access);
      const answers = await Promise.all(Array.from({ length: callers }, (_, index) => refresh(index, token)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: callers }, () => 200));
      expect(new Set(answers.map((answer) => tokensOf(answer).refresh)).size).toBe(1);
      const where = [{ field: 'family', value: family }];
      const row = await system.stores.database.records.findOne({ model: 'sallyportTokenFamily', where });
      expect(row).toMatchObject({ number: 1 });
      const reports = { model: 'sallyportEvent', where: [{ field: 'type', value: 'refresh-token.reused' }] };
      expect(await system.stores.database.records.count(reports)).toBe(0);
    });

    it('sign thief and owner out at every gateway, whichever comes first, and no other device', async () => {
      const other = await signIn();
      for (const thiefComesFirst of [true, false]) {
        const { refresh: stolen, access } = await signIn();
        const first = tokensOf(await refresh(thiefComesFirst ? 1 : 0, stolen));
        const second = tokensOf(await refresh(0, first.refresh));
        // The successor was used: the one who comes late with the token of before is not told from a thief.
        expect((await refresh(thiefComesFirst ? 0 : 1, stolen)).status).toBe(400);
        for (let gateway = 0; gateway < stores.gateways; gateway++) {
          expect((await refresh(gateway, second.refresh)).status).toBe(400);
          for (const token of [access, first.access, second.access]) await refusedAt(gateway, token);
          expect(await system.call(gateway, other.access)).toBe(200);
        }
      }
      const reports = { model: 'sallyportEvent', where: [{ field: 'type', value: 'refresh-token.reused' }] };
      expect(await system.stores.database.records.count(reports)).toBe(2);
      expect((await refresh(0, other.refresh)).status).toBe(200);
    });
  });
});

function tokensOf({ status, body }: TokenReply): { readonly access: string; readonly refresh: string } {
  if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}

function sidOf(accessToken: string): string {
  const claims: unknown = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
  return String((claims as { readonly sid: unknown }).sid);
}
