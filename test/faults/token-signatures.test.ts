import { createHmac } from 'node:crypto';
import { passportSharedSecret } from '@sallyport/nestjs';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt } from 'passport-jwt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startNestService, type NestService } from './nest-service.ts';
import {
  makeTokenSecret,
  startSigningSystem,
  type SigningSystem,
  type SigningSystemOptions,
} from './signing-system.ts';

interface Way extends SigningSystemOptions {
  readonly alg: string;
  /** passport-jwt knows no EdDSA. */
  readonly stockStatus: number;
}

const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();

function withKeyPairs(alg: 'ES256' | 'EdDSA' | 'RS256', stockStatus: number): Way {
  return {
    alg,
    stockStatus,
    config: { keys: { algorithm: alg } },
    guard: (keysUrl) => ({ keysUrl }),
    passport: (jwksUri) => ({
      jwtFromRequest,
      secretOrKeyProvider: passportJwtSecret({ jwksUri, handleSigningKeyError: (error, done) => done(error) }),
      algorithms: ['ES256', 'RS256'],
    }),
  };
}

const instead = { tokens: { internalSeconds: 30, signWithSharedSecretInsteadOfKeyPairs: true } };

function withSecret(environmentSecret: string, serviceSecret = environmentSecret): Way {
  return {
    alg: 'HS256',
    stockStatus: 200,
    config: instead,
    environment: { SALLYPORT_TOKEN_SECRET: environmentSecret },
    guard: () => ({ sharedSecretInsteadOfKeys: serviceSecret }),
    passport: () => ({
      jwtFromRequest,
      secretOrKeyProvider: passportSharedSecret(serviceSecret),
      algorithms: ['HS256'],
    }),
  };
}

const statusOf = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> => {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  return answer.status;
};
const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

interface Header {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
}

function headerOf(token: string): Header {
  // The header of a token of ours has this shape.
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Header;
}

/** The token with another header, under the signature that is there, under none, and under HS256 with public bytes. */
function forge(
  token: string,
  header: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): readonly string[] {
  const [, payload = '', signature = ''] = token.split('.');
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
  const made = secrets.map((secret) => createHmac('sha256', secret).update(input).digest('base64url'));
  return [signature, '', 'AAAA', ...made].map((end) => `${input}.${end}`);
}

const secret = makeTokenSecret();

describe.each([withKeyPairs('ES256', 200), withKeyPairs('EdDSA', 401), withKeyPairs('RS256', 200), withSecret(secret)])(
  'a gateway that signs with $alg',
  (way) => {
    const { alg, stockStatus } = way;
    let system: SigningSystem;
    let cookie: string;
    /** Made for the shop, by the gateway. */
    let token: string;
    beforeAll(async () => {
      system = await startSigningSystem(way);
      cookie = await system.signIn();
      await statusOf(`${system.origin}/api/shop/me`, { cookie });
      token = system.shop.lastToken() ?? '';
    });
    afterAll(() => system.close());

    it('is believed by the guard of a service', async () => {
      expect(await statusOf(`${system.origin}/api/shop/me`, { cookie })).toBe(200);
      expect(headerOf(token)).toMatchObject({ alg, typ: 'at+jwt' });
      expect(await statusOf(`${system.shop.origin}/me`, bearing(token))).toBe(200);
    });

    it(stockStatus === 200 ? 'is believed by passport-jwt' : 'is not known to passport-jwt', async () => {
      expect(await statusOf(`${system.origin}/api/stock/me`, { cookie })).toBe(stockStatus);
      expect(await statusOf(`${system.stockOrigin}/me`)).toBe(401);
      expect(await statusOf(`${system.stockOrigin}/me`, bearing(token))).toBe(401);
    });

    it('believes its own tokens on the internal listener, and makes new ones of them', async () => {
      const before = system.shop.lastToken();
      expect(await statusOf(`${system.internalOrigin}/api/shop/me`, bearing(token))).toBe(200);
      const next = system.shop.lastToken() ?? '';
      expect(next).not.toBe(before);
      expect(headerOf(next)).toEqual(headerOf(token));
      expect(JSON.parse(Buffer.from(next.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
        aud: 'shop',
        act: { sub: 'shop' },
      });
    });

    it('cannot be forged by another party, for services and for the gateway itself', async () => {
      const keys = alg === 'HS256' ? '' : await (await fetch(system.keysUrl)).text();
      const { kid } = headerOf(token);
      const secrets = [keys, makeTokenSecret()];
      const forged = ['none', 'None', 'HS256', 'hs256', 'HS384', 'ES256', 'EdDSA', 'RS256']
        .flatMap((other) => forge(token, { alg: other, typ: 'at+jwt', kid }, secrets))
        .concat(forge(token, { alg, typ: 'at+jwt' }, secrets))
        .concat(forge(token, { alg, typ: 'at+jwt', kid: 'another' }, secrets))
        .concat(forge(token, { alg, typ: 'at+jwt', kid, crit: ['exp'] }, secrets))
        .filter((one) => one !== token);
      const places = [`${system.shop.origin}/me`, `${system.stockOrigin}/me`, `${system.internalOrigin}/api/shop/me`];
      for (const place of places) {
        const statuses = await Promise.all(forged.map((one) => statusOf(place, bearing(one))));
        expect(forged.filter((_, index) => statuses[index] !== 401)).toEqual([]);
      }
    });

    it('publishes public keys and nothing else', async () => {
      for (const origin of [system.origin, system.internalOrigin]) {
        const answer = await fetch(`${origin}/internal/.well-known/jwks.json`);
        const text = await answer.text();
        expect(answer.status).toBe(alg === 'HS256' ? 404 : 200);
        expect(text).not.toMatch(/"(?:oct|k|d|p|q)"/);
        if (alg !== 'HS256') expect(JSON.parse(text)).toMatchObject({ keys: [{ alg }, { alg }] });
      }
    });

    it('says at its start what a shared secret means, where it has one, and never what it is', () => {
      const warnings = system.lines().filter(({ message }) => String(message).includes('shared secret'));
      expect(warnings).toHaveLength(alg === 'HS256' ? 1 : 0);
      expect(JSON.stringify(system.lines())).not.toContain(secret);
    });

    it('is not believed by a service that was told of the other kind of key', async () => {
      const other = alg === 'HS256' ? { keysUrl: system.keysUrl } : { sharedSecretInsteadOfKeys: secret };
      const service = await startNestService({ issuer: system.issuer, audience: 'shop', ...other });
      try {
        expect(await statusOf(`${service.origin}/me`, bearing(token))).toBe(401);
      } finally {
        await service.close();
      }
    });
  },
);

describe('changing a shared secret', () => {
  const open: (SigningSystem | NestService)[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  it('refuses no caller while services know both secrets, and afterwards those with the old one only', async () => {
    const [older, newer] = [makeTokenSecret(), makeTokenSecret()];
    const system = await startSigningSystem(withSecret(older, `${older},${newer}`));
    open.push(system);
    const cookie = await system.signIn();
    const statuses = new Map<number | string, number>();
    let isOver = false;
    const ask = async (name: string): Promise<void> => {
      while (!isOver) {
        // While the gateway is away there is no answer, which is no refusal.
        const status = await statusOf(`${system.origin}/api/${name}/me`, { cookie }).catch(() => 'away');
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const asking = Promise.all([ask('shop'), ask('stock')]);
    const hasServed = async (count: number): Promise<void> => {
      await expect.poll(() => statuses.get(200) ?? 0, { timeout: 30_000 }).toBeGreaterThan(count);
    };
    try {
      await hasServed(20);
      const before = system.shop.lastToken() ?? '';
      await system.restart({ SALLYPORT_TOKEN_SECRET: `${newer},${older}` });
      // What the gateway before handed out holds: at services, and where they come back with it.
      expect(await statusOf(`${system.shop.origin}/me`, bearing(before))).toBe(200);
      expect(await statusOf(`${system.internalOrigin}/api/shop/me`, bearing(before))).toBe(200);
      await hasServed((statuses.get(200) ?? 0) + 20);
      const after = system.shop.lastToken() ?? '';
      expect(headerOf(after).kid).not.toBe(headerOf(before).kid);
      expect(system.shop.acceptedKeys.size).toBe(2);

      await system.restart({ SALLYPORT_TOKEN_SECRET: newer });
      await hasServed((statuses.get(200) ?? 0) + 20);
      isOver = true;
      await asking;
      expect([...statuses.keys()].filter((status) => status !== 200 && status !== 'away')).toEqual([]);

      expect(await statusOf(`${system.internalOrigin}/api/shop/me`, bearing(before))).toBe(401);
      expect(await statusOf(`${system.internalOrigin}/api/shop/me`, bearing(after))).toBe(200);
      const changed = await startNestService({
        issuer: system.issuer,
        audience: 'shop',
        sharedSecretInsteadOfKeys: newer,
      });
      open.push(changed);
      expect(await statusOf(`${changed.origin}/me`, bearing(before))).toBe(401);
      expect(await statusOf(`${changed.origin}/me`, bearing(after))).toBe(200);
    } finally {
      isOver = true;
      await asking;
    }
  }, 180_000);

  it.each([
    { name: 'there is none', environment: {}, says: 'is missing' },
    {
      name: 'it is short',
      environment: { SALLYPORT_TOKEN_SECRET: 'kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaUq' },
      says: '256 bits',
    },
  ])('does not start where $name', async ({ environment, says }) => {
    const way = withSecret(secret);
    const started = startSigningSystem({ ...way, environment });
    started.then(
      (system) => open.push(system),
      () => undefined,
    );
    await expect(started).rejects.toThrow(says);
  });
});
