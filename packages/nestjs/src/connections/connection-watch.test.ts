import { createTestIssuer, createTestPrincipal } from '@sallyport/testing';
import { SallyportError, silentLogger, type LogFields } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireSallyportOptions, type SallyportOptions } from '../sallyport-options.ts';
import { createServiceTrust } from '../service-trust.ts';
import { ConnectionWatch, type ConnectionEnd, type WatchedConnection } from './connection-watch.ts';

const issuer = createTestIssuer();
let watch: ConnectionWatch;
let ends: ConnectionEnd[];

beforeEach(() => {
  ends = [];
});
afterEach(() => watch.onModuleDestroy());

/** Opens a connection with a token, as a transport does it: verified first. */
async function open(token: string, change: Partial<SallyportOptions> = {}): Promise<WatchedConnection> {
  const options = {
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: issuer.jwks(),
    logger: silentLogger,
    ...change,
  };
  const trust = createServiceTrust(requireSallyportOptions(options));
  watch = new ConnectionWatch(trust.verifier, trust, options);
  const principal = await trust.verifier.verify(token);
  return watch.watch({ token, principal, end: (end) => void ends.push(end) });
}

const secondsAhead = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

describe('a connection', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lives while its token holds', async () => {
    const connection = await open(issuer.sign({ exp: secondsAhead(60) }));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(ends).toEqual([]);
    expect(connection.refusal()).toBeUndefined();
    expect(connection.check()).toBe(true);
  });

  it('ends once when its token expires, and is refused from the very moment', async () => {
    const token = issuer.sign({ exp: secondsAhead(30) });
    const connection = await open(token, { clockToleranceSeconds: 0 });
    await vi.advanceTimersByTimeAsync(29_000);
    vi.setSystemTime(secondsAhead(2) * 1000);
    expect(connection.refusal()).toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(ends).toEqual([{ closeCode: 4401, closeReason: 'token expired' }]);
    expect(connection.refusal()).toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
    expect(connection.check()).toBe(false);
  });

  it.each([
    ['once, with what to set', undefined, 1],
    ['never where the application chose that it ends so', { endedBy: 'token' } as const, 0],
  ])('that ends with its token is noted %s', async (_, connections, expected) => {
    const lines: LogFields[] = [];
    const logger = { ...silentLogger, info: (_message: string, fields: LogFields) => void lines.push(fields) };
    const options = { logger, clockToleranceSeconds: 0, ...(connections === undefined ? {} : { connections }) };
    await open(issuer.sign({ exp: secondsAhead(5) }), options);
    watch.watch({
      token: issuer.sign({ exp: secondsAhead(5) }),
      principal: createTestPrincipal(),
      end: (end) => void ends.push(end),
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ends).toHaveLength(2);
    expect(lines.filter(({ event }) => event === 'connection-ended-with-token')).toHaveLength(expected);
  });

  it('outlives its token where the gateway ends it', async () => {
    const token = issuer.sign({ exp: secondsAhead(30) });
    const connection = await open(token, { connections: { endedBy: 'gateway' } });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(ends).toEqual([]);
    expect(connection.refusal()).toBeUndefined();
    expect(await connection.check()).toBe(true);
  });

  it('is refused when it was closed, and ended no more', async () => {
    const connection = await open(issuer.sign({ exp: secondsAhead(30) }));
    connection.forget();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual([]);
    expect(connection.refusal()).toBeInstanceOf(SallyportError);
    expect(connection.check()).toBe(false);
  });
});

describe('a connection whose token cannot be checked', () => {
  it('has three seconds, and its end is no end of a session', async () => {
    const options = requireSallyportOptions({
      issuer: issuer.issuer,
      audience: issuer.audience,
      logger: silentLogger,
      introspection: { url: 'http://127.0.0.1:9/oauth2/introspect', apiKey: `sp_key_${'A'.repeat(38)}` },
    });
    const trust = createServiceTrust(options);
    watch = new ConnectionWatch(trust.verifier, trust, options);
    const connection = watch.watch({
      token: issuer.sign(),
      principal: createTestPrincipal(),
      end: (end) => void ends.push(end),
    });
    expect(connection.refusal()).toBeUndefined();
    expect(await connection.check()).toBe(false);
    expect(ends).toEqual([]);
    await expect
      .poll(() => ends, { timeout: 10_000 })
      .toEqual([{ closeCode: 1013, closeReason: 'session cannot be checked' }]);
    expect(connection.refusal()).toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
  });
});
