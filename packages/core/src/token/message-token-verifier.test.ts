import { describe, expect, it } from 'vitest';
import { SallyportError } from '../errors/sallyport-error.ts';
import { audience, issuer } from './good-claims.test-support.ts';
import { createLocalKeySource } from './key-source.ts';
import { digestOfPayload, messageTokenType } from './message-token.ts';
import { createMessageTokenVerifier, type MessageTokenVerifierOptions } from './message-token-verifier.ts';
import { createVerifier, keys, seconds, sign, theirs } from './token-verifier.test-support.ts';

const payload = { total: 12, lines: [{ name: 'bread' }] };
const destination = 'invoice.create';
const binding = { to: destination, sha256: digestOfPayload(payload) };

const seal = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key?: typeof theirs) =>
  sign({ msg: binding, ...claims }, { typ: messageTokenType, ...header }, key);

const verifier = (options: Partial<MessageTokenVerifierOptions> = {}) =>
  createMessageTokenVerifier({ issuer, audience, keys: createLocalKeySource(keys), ...options });

const received = (change: { destination?: string; payload?: unknown } = {}) => ({
  destination: change.destination ?? destination,
  digest: () => digestOfPayload('payload' in change ? change.payload : payload),
});

async function reasonOf(outcome: Promise<unknown>): Promise<unknown> {
  const error: unknown = await outcome.catch((thrown: unknown) => thrown);
  return error instanceof SallyportError ? [error.code, error.reason] : error;
}

describe('the verifier of message tokens', () => {
  it('knows the user of a message, and until when the message is taken', async () => {
    const exp = seconds() + 60;
    const verified = await verifier()(await seal({ exp, jti: 'm-1', act: { sub: 'orders' } }), received());
    expect(verified).toMatchObject({ tokenId: 'm-1', isBoundToPayload: true, takenUntil: new Date((exp + 5) * 1000) });
    expect(verified.principal).toMatchObject({
      kind: 'user',
      id: 'user-1',
      roles: ['vendor'],
      actor: { id: 'orders' },
    });
  });

  it('takes a token that is bound to a destination alone', async () => {
    const verified = await verifier()(await seal({ msg: { to: destination } }), received({ payload: 'any' }));
    expect(verified.isBoundToPayload).toBe(false);
  });

  it.each([
    {
      name: 'for another destination',
      change: { destination: 'invoice.delete' },
      reason: 'sealed-for-another-destination',
    },
    { name: 'with another payload', change: { payload: { total: 13 } }, reason: 'payload-was-changed' },
    {
      name: 'with its members in another order',
      change: { payload: { lines: payload.lines, total: 12 } },
      reason: 'payload-was-changed',
    },
  ])('refuses a message $name', async ({ change, reason }) => {
    expect(await reasonOf(verifier()(await seal(), received(change)))).toEqual(['SP_TOKEN_INVALID', reason]);
  });

  it.each([
    { name: 'of another audience', claims: { aud: 'billing' }, reason: 'made-for-another-audience' },
    { name: 'of another issuer', claims: { iss: 'https://other.test/internal' }, reason: 'made-by-another-issuer' },
    { name: 'that is bound to nothing', claims: { msg: undefined }, reason: 'not-a-token-of-the-gateway' },
    {
      name: 'with a digest of another length',
      claims: { msg: { to: destination, sha256: 'AAAA' } },
      reason: 'not-a-token-of-the-gateway',
    },
    { name: 'of the future', claims: { iat: seconds() + 300, exp: seconds() + 360 }, reason: 'made-in-the-future' },
    { name: 'that lives for a day', claims: { exp: seconds() + 86_400 }, reason: 'lives-too-long' },
  ])('refuses a token $name', async ({ claims, reason }) => {
    expect(await reasonOf(verifier()(await seal(claims), received()))).toEqual(['SP_TOKEN_INVALID', reason]);
  });

  it('refuses the internal token of a request, and a token of another key', async () => {
    const bearer = await seal({}, { typ: 'at+jwt' });
    expect(await reasonOf(verifier()(bearer, received()))).toMatchObject(['SP_TOKEN_INVALID', expect.any(String)]);
    expect(await reasonOf(verifier()(await seal({}, {}, theirs), received()))).toMatchObject([
      'SP_TOKEN_INVALID',
      expect.any(String),
    ]);
  });

  it('is no verifier of requests: these refuse a message token', async () => {
    expect(await reasonOf(createVerifier().verify(await seal()))).toMatchObject([
      'SP_TOKEN_INVALID',
      expect.any(String),
    ]);
  });

  it('cannot know without keys, which is not the fault of the sender', async () => {
    const keysAway = { getKey: () => Promise.reject(new SallyportError('SP_KEYS_UNAVAILABLE')) };
    expect(await reasonOf(verifier({ keys: keysAway })(await seal(), received()))).toMatchObject([
      'SP_KEYS_UNAVAILABLE',
      undefined,
    ]);
  });

  it('hears of what was revoked since', async () => {
    const objection = new SallyportError('SP_UNAUTHENTICATED', { reason: 'token-revoked' });
    const objecting = verifier({ objectTo: () => objection });
    await expect(objecting(await seal(), received())).rejects.toBe(objection);
  });
});

describe('a message that waited', () => {
  const sealedAt = 1_900_000_000;
  const token = () => seal({ iat: sealedAt, exp: sealedAt + 60, auth_time: sealedAt });
  const after = (wait: number) => ({ now: () => new Date((sealedAt + wait) * 1000) });
  const tooLate = ['SP_TOKEN_EXPIRED', 'message-waited-too-long'];

  it('is refused once its token has expired', async () => {
    expect((await verifier(after(64))(await token(), received())).tokenId).toBe('token-1');
    expect(await reasonOf(verifier(after(65))(await token(), received()))).toEqual(['SP_TOKEN_EXPIRED', 'out-of-date']);
  });

  it('is taken within the wait that the consumer allows, from when it was sealed', async () => {
    const patient = { maxWaitSeconds: 900 };
    const verified = await verifier({ ...after(899), ...patient })(await token(), received());
    expect(verified.takenUntil).toEqual(new Date((sealedAt + 900) * 1000));
    expect(await reasonOf(verifier({ ...after(900), ...patient })(await token(), received()))).toEqual(tooLate);
  });

  it('is taken until its token expires where the consumer allows less', async () => {
    expect(await verifier({ ...after(59), maxWaitSeconds: 10 })(await token(), received())).toBeDefined();
    expect(await reasonOf(verifier({ ...after(66), maxWaitSeconds: 10 })(await token(), received()))).toEqual([
      'SP_TOKEN_EXPIRED',
      expect.any(String),
    ]);
  });

  it('is never late when its token is bound to a destination alone', async () => {
    const unbound = await seal({ iat: sealedAt, exp: sealedAt + 60, auth_time: sealedAt, msg: { to: destination } });
    expect(await reasonOf(verifier({ ...after(70), maxWaitSeconds: 900 })(unbound, received()))).toEqual(tooLate);
  });
});

describe('the digest of a payload', () => {
  it('is the same for what was sent and for what JSON makes of it', () => {
    const sent = { at: new Date(0), left: undefined, list: [undefined, 1.0, -0], 7: 'a', name: 'é\ud800' };
    expect(digestOfPayload(JSON.parse(JSON.stringify(sent)))).toBe(digestOfPayload(sent));
  });

  it('is SHA-256 of the JSON text', () => {
    expect(digestOfPayload('a')).toBe('rI2DQruyNi0T8KVZo2IbtAcBE2iJUWS2KKVPf8M_xDw');
  });

  it.each([undefined, () => 1])('is none of what has no JSON text', (value) => {
    expect(() => digestOfPayload(value)).toThrow(TypeError);
  });
});
