import { createSealer } from '@sallyport/stores';
import { firstSecret, onDatabase, type Harness } from '@sallyport/identity/test-support/harness';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operate, partner, startOAuthHarness } from '../oauth.test-support.ts';
import { clientSecretPurpose, createClientSecret, isClientSecret } from './client-secret.ts';
import { createClientTable, type ClientTable } from './client-table.ts';
import type { MadeClient } from './oauth-clients.ts';

let harness: Harness;
let table: ClientTable;
const tableUnder = (versions: Parameters<typeof createSealer>[0]): ClientTable =>
  createClientTable(harness.database.records, createSealer(versions)(clientSecretPurpose));
beforeEach(async () => {
  harness = await startOAuthHarness();
  table = tableUnder([firstSecret]);
});
afterEach(() => harness.close());

const make = async (name: string): Promise<{ readonly id: string; readonly secret: string }> => {
  const { client, secret = '' } = await operate<MadeClient>(harness, 'oauth-clients/create', { ...partner, name });
  return { id: client.id, secret };
};
const works = (id: string, secret: string): Promise<boolean> => table.hasSecret(id, secret, harness.now());

describe('the form of a client secret', () => {
  it('is recognized, and another each time', () => {
    const [one, other] = [createClientSecret(), createClientSecret()];
    expect([isClientSecret(one), isClientSecret(other), one === other]).toEqual([true, true, false]);
  });

  it.each([
    ['cut off', (secret: string) => secret.slice(0, -1)],
    ['longer', (secret: string) => `${secret}0`],
    ['mistyped', (secret: string) => secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))],
    ['of another kind', (secret: string) => secret.replace('sp_cs_', 'sp_rt_')],
    ['followed by a line end', (secret: string) => `${secret}\n`],
    ['empty', () => ''],
  ])('is not recognized when it is %s', (_name, change) => {
    expect(isClientSecret(change(createClientSecret()))).toBe(false);
  });
});

describe(onDatabase('the secret of a client'), () => {
  it('works for this client alone', async () => {
    const [one, other] = [await make('One'), await make('Other')];
    expect(await works(one.id, one.secret)).toBe(true);
    expect(await works(one.id, other.secret)).toBe(false);
    expect(await works('client_00000000000000000000', one.secret)).toBe(false);
  });

  it.each([
    ['made up', () => createClientSecret()],
    ['empty', () => ''],
    ['its hint', (secret: string) => secret.slice(0, 10)],
    ['very long', () => 'sp_cs_'.repeat(10_000)],
  ])('is none that is %s', async (_name, present) => {
    const { id, secret } = await make('One');
    expect(await works(id, present(secret))).toBe(false);
  });

  it('does not work for a client whose row was given the hash of another', async () => {
    const [one, other] = [await make('One'), await make('Other')];
    const { records } = harness.database;
    const model = 'sallyportOAuthClient';
    const row = await records.findOne<{ secretHash: string }>({ model, where: [{ field: 'clientId', value: one.id }] });
    const update = { secretHash: row?.secretHash ?? '' };
    await records.updateMany({ model, where: [{ field: 'clientId', value: other.id }], update });
    expect(await works(other.id, one.secret)).toBe(false);
  });

  it('works beside the next one until the overlap is over', async () => {
    const { id, secret } = await make('One');
    const rotated = await operate<MadeClient>(harness, 'oauth-clients/rotate-secret', { id, overlapSeconds: 60 });
    const next = rotated.secret ?? '';
    expect([await works(id, secret), await works(id, next)]).toEqual([true, true]);
    harness.advance(60);
    expect([await works(id, secret), await works(id, next)]).toEqual([false, true]);
  });

  it('ends at once where the overlap is nothing', async () => {
    const { id, secret } = await make('One');
    await operate(harness, 'oauth-clients/rotate-secret', { id, overlapSeconds: 60 });
    const { secret: last = '' } = await operate<MadeClient>(harness, 'oauth-clients/rotate-secret', {
      id,
      overlapSeconds: 0,
    });
    expect([await works(id, secret), await works(id, last)]).toEqual([false, true]);
  });

  it('does not work while the client is disabled', async () => {
    const { id, secret } = await make('One');
    await operate(harness, 'oauth-clients/set-disabled', { id, isDisabled: true });
    expect(await works(id, secret)).toBe(false);
    await operate(harness, 'oauth-clients/set-disabled', { id, isDisabled: false });
    expect(await works(id, secret)).toBe(true);
  });

  it('follows a rotation of the root secret when it is used', async () => {
    const { id, secret } = await make('One');
    const next = { version: 2, value: 'zX4cV7bN1mA8sD5fG2hJ6kL3qW9eR0tY' };
    table = tableUnder([next, firstSecret]);
    expect(await works(id, secret)).toBe(true);
    table = tableUnder([next]);
    expect(await works(id, secret)).toBe(true);
    table = tableUnder([firstSecret]);
    expect(await works(id, secret)).toBe(false);
  });
});
