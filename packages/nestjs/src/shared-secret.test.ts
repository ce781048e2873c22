import { createHmac, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { OptionsError, silentLogger } from '@sallyport/core';
import { createTestIssuer, encodeJson, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { Controller, Get, Injectable, UseGuards, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { afterEach, describe, expect, it } from 'vitest';
import { Authenticated } from './access/declare-access.ts';
import { passportSharedSecret } from './passport-shared-secret.ts';
import { SallyportModule } from './sallyport-module.ts';
import { requireSallyportOptions, type SallyportOptions } from './sallyport-options.ts';

const make = (): string => randomBytes(32).toString('base64');
const [secret, older, foreign] = [make(), make(), make()];
const known = createTestIssuer({ sharedSecret: secret });
const before = createTestIssuer({ sharedSecret: older });
const { issuer, audience } = known;

const open: (INestApplication | TestKeyEndpoint)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type Ask = (token?: string) => Promise<number>;

async function listen(root: Type | { module: Type; [part: string]: unknown }): Promise<Ask> {
  const app = await NestFactory.create<INestApplication>(root, new ExpressAdapter(), {
    logger: false,
    abortOnError: false,
  });
  open.push(app);
  await app.listen(0, '127.0.0.1');
  // A server that listens on a port has an address of this shape.
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return async (token) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await fetch(`http://127.0.0.1:${port}/me`, { headers })).status;
  };
}

async function startGuarded(options: Partial<SallyportOptions>): Promise<Ask> {
  @Controller()
  @Authenticated()
  class MeController {
    @Get('me')
    me(): string {
      return 'served';
    }
  }
  const imports = [SallyportModule.forRoot({ issuer, audience, logger: silentLogger, ...options })];
  return listen({ module: class Root {}, imports, controllers: [MeController] });
}

/** As the documentation of passport-jwt has it, and nothing of ours but where its secret comes from. */
async function startPassport(key: Partial<StrategyOptionsWithoutRequest>): Promise<Ask> {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
      // With one kind of key of the two.
      super({ jwtFromRequest, algorithms: ['HS256'], issuer, audience, ...key } as StrategyOptionsWithoutRequest);
    }

    validate(claims: unknown): unknown {
      return claims;
    }
  }
  @Controller()
  class MeController {
    @Get('me')
    @UseGuards(AuthGuard('jwt'))
    me(): string {
      return 'served';
    }
  }
  return listen({
    module: class Root {},
    imports: [PassportModule],
    providers: [JwtStrategy],
    controllers: [MeController],
  });
}

/** Signed by HS256 with a key that is not the secret. */
function misuse(like: TestIssuer, key: string | Buffer, header: Readonly<Record<string, unknown>> = {}): string {
  const [head = '', payload = ''] = like.sign().split('.');
  const was = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
  const input = `${encodeJson({ ...was, alg: 'HS256', ...header })}.${payload}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

const kidOf = (one: TestIssuer): unknown =>
  (JSON.parse(Buffer.from(one.sign().split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;

const services: readonly (readonly [name: string, start: () => Promise<Ask>])[] = [
  ['our guard', () => startGuarded({ sharedSecretInsteadOfKeys: `${secret},${older}` })],
  ['passport-jwt', () => startPassport({ secretOrKeyProvider: passportSharedSecret(`${secret},${older}`) })],
];
describe.each(services)('a service with two shared secrets and %s', (_name, start) => {
  it('takes tokens of both', async () => {
    const ask = await start();
    expect(await ask(known.sign())).toBe(200);
    expect(await ask(before.sign())).toBe(200);
  });

  it.each([
    { name: 'nothing', token: () => undefined },
    { name: 'another secret', token: () => createTestIssuer({ sharedSecret: foreign }).sign() },
    { name: 'another secret under a known id', token: () => misuse(known, foreign) },
    { name: 'one secret under the id of the other', token: () => misuse(known, older) },
    { name: 'no id', token: () => known.sign({}, { kid: undefined }) },
    { name: 'an id of no secret', token: () => known.sign({}, { kid: '__proto__' }) },
    { name: 'both secrets as one', token: () => misuse(known, `${secret},${older}`) },
    { name: 'what the secret decodes to', token: () => misuse(known, Buffer.from(secret, 'base64')) },
    { name: 'the id of the secret', token: () => misuse(known, String(kidOf(known))) },
    { name: 'a key pair', token: () => createTestIssuer().sign() },
    { name: 'a key pair, under the id of the secret', token: () => createTestIssuer().sign({}, { kid: kidOf(known) }) },
    { name: 'HS384', token: () => known.sign({}, { alg: 'HS384' }) },
    { name: 'hs256', token: () => known.sign({}, { alg: 'hs256' }) },
    { name: 'ES256 in name', token: () => known.sign({}, { alg: 'ES256' }) },
    { name: 'no signature', token: () => known.sign().replace(/[^.]*$/, '') },
    { name: 'none', token: () => known.sign({}, { alg: 'none' }).replace(/[^.]*$/, '') },
    { name: 'no signature and no known id', token: () => known.sign({}, { kid: 'x' }).replace(/[^.]*$/, '') },
    { name: 'half a signature', token: () => known.sign().slice(0, -22) },
    { name: 'the secret, for another service', token: () => known.sign({ aud: 'account' }) },
    { name: 'the secret, for another issuer', token: () => known.sign({ iss: 'https://elsewhere.test' }) },
    { name: 'the secret, long ago', token: () => known.sign({ iat: 1, exp: 2 }) },
    { name: 'no header', token: () => known.sign().replace(/^[^.]*/, 'bm8') },
  ])('refuses what was signed with $name', async ({ token }) => {
    const ask = await start();
    expect(await ask(token())).toBe(401);
    expect(await ask(known.sign())).toBe(200);
  });
});

describe('a service with one shared secret', () => {
  it('takes its tokens with secretOrKey of passport-jwt, which is the text of the secret', async () => {
    const ask = await startPassport({ secretOrKey: secret });
    expect(await ask(known.sign())).toBe(200);
    expect(await ask(before.sign())).toBe(401);
  });

  it('takes no token of a secret that was taken away', async () => {
    const ask = await startGuarded({ sharedSecretInsteadOfKeys: secret });
    expect(await ask(before.sign())).toBe(401);
    expect(await ask(known.sign())).toBe(200);
  });
});

describe('a service with the keys of the gateway', () => {
  it('takes no token of a secret, also when the key set carries it', async () => {
    const issuer = createTestIssuer();
    const keys = await issuer.listen();
    open.push(keys);
    const ask = await startGuarded({ keysUrl: keys.url });
    expect(await ask(issuer.sign())).toBe(200);
    expect(await ask(known.sign())).toBe(401);
    expect(await ask(known.sign({}, { kid: kidOf(issuer) }))).toBe(401);
    const pem = issuer.publicKeyPem();
    const published = await (await fetch(keys.url)).text();
    for (const key of [pem, pem.trimEnd(), published, JSON.stringify(issuer.jwks().keys[0])])
      for (const alg of ['HS256', 'hs256', 'HS512']) expect(await ask(misuse(issuer, key, { alg }))).toBe(401);
  });
});

describe('the options of a service', () => {
  const keysUrl = 'http://127.0.0.1:4000/internal/.well-known/jwks.json';
  it.each([
    { name: 'a secret and the address of keys', options: { sharedSecretInsteadOfKeys: secret, keysUrl } },
    { name: 'a secret and keys', options: { sharedSecretInsteadOfKeys: secret, keys: createTestIssuer().jwks() } },
    { name: 'a secret and algorithms', options: { sharedSecretInsteadOfKeys: secret, algorithms: ['HS256'] } },
    { name: 'HS256 for keys', options: { keysUrl, algorithms: ['HS256'] } },
    { name: 'HS256 beside others for keys', options: { keysUrl, algorithms: ['ES256', 'HS256'] } },
    { name: 'a secret that is not there', options: { sharedSecretInsteadOfKeys: undefined } },
    { name: 'an empty secret', options: { sharedSecretInsteadOfKeys: '' } },
    { name: 'a short secret', options: { sharedSecretInsteadOfKeys: secret.slice(0, 40) } },
    { name: 'a secret that repeats itself', options: { sharedSecretInsteadOfKeys: 'k8Qv2Zr7Tz'.repeat(6) } },
    { name: 'three secrets', options: { sharedSecretInsteadOfKeys: [secret, older, foreign].join() } },
    { name: 'a list of secrets', options: { sharedSecretInsteadOfKeys: [secret, older] } },
    { name: 'revocations without an address', options: { sharedSecretInsteadOfKeys: secret, revocations: {} } },
  ])('are not $name', ({ options }) => {
    // What a program in JavaScript may pass.
    const wrong = { issuer, audience, ...options } as SallyportOptions;
    let message = '';
    try {
      requireSallyportOptions(wrong);
    } catch (error) {
      message = error instanceof OptionsError ? error.message : '';
    }
    expect(message).toContain('SallyportModule has bad options');
    for (const one of [secret, older, foreign, secret.slice(0, 40)]) expect(message).not.toContain(one);
  });

  it('may be two secrets, and where revocations are heard of', () => {
    const revocations = { url: 'http://127.0.0.1:4000/internal/revocations' };
    const options = { issuer, audience, sharedSecretInsteadOfKeys: `${secret}\n${older}\n`, revocations };
    expect(requireSallyportOptions(options)).toBe(options);
  });

  it.each(['', 'short', `${secret},${secret}`])('of passport-jwt are no secret such as %j either', (text) => {
    expect(() => passportSharedSecret(text)).toThrow(OptionsError);
  });
});
