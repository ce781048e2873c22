import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorkplace, firstSecret, type Workplace } from '../test-support/memory-terminal.ts';

const [newer, older] = ['XvK2mQ8rTz5LpN7wYd3HsGf1BcJ9aEu4Rk6Vt0ZxWnM', 'b7Qx4LtM9kRz2VwN8pYc5HdJ1sGf3Ua6Ee0KyTnXoWq'];

function prepare(variables: Readonly<Record<string, string>>, isAsked = true): Workplace {
  const place = createWorkplace(variables);
  const config = {
    publicUrl: 'http://localhost:3000',
    mail: { from: 'Sallyport <no-reply@localhost>' },
    tokens: { signWithSharedSecretInsteadOfKeyPairs: isAsked },
    policy: { permissions: {}, roles: { user: [] } },
    routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'all', access: 'signed-in' }],
  };
  writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};\n`);
  return place;
}

describe('where tokens are signed with a shared secret', () => {
  it('keys list names the secrets, and shows nothing of them', async () => {
    const place = prepare({ SALLYPORT_TOKEN_SECRET: `${newer},${older}` });
    await place.run(['migrate']);
    const list = await place.run(['keys', 'list']);
    expect(list).toMatchObject({ code: 0, errors: '' });
    expect(list.output).toMatch(/0wh225I2naZpiL9g1jkU5Q +internal +HS256 +current \(signs\)/);
    expect(list.output).toMatch(/HS256 +accepted \(verifies/);
    expect(list.output).toContain('does not rotate by itself');
    const { keys } = (await place.run(['keys', 'list', '--json'])).json() as { keys: { state: string }[] };
    expect(keys.map(({ state }) => state)).toEqual(['current', 'accepted']);
    for (const secret of [newer, older]) expect(list.output).not.toContain(secret);
  });

  it.each([
    ['keys', 'rotate'],
    ['keys', 'rotate', '--now'],
    ['keys', 'withdraw', '0wh225I2naZpiL9g1jkU5Q'],
  ])('%s %s changes nothing, and says how it is done', async (...command) => {
    const place = prepare({ SALLYPORT_TOKEN_SECRET: newer });
    await place.run(['migrate']);
    const { code, errors, output } = await place.run(command);
    expect(code).toBe(1);
    expect(output).toBe('');
    expect(errors).toMatch(/SALLYPORT_TOKEN_SECRET another value here and at every service/);
    expect(errors).not.toContain(newer);
  });

  it('doctor says what that means', async () => {
    const { output } = await prepare({ SALLYPORT_TOKEN_SECRET: newer }).run(['doctor']);
    expect(output).toMatch(/note +token secret +tokens are signed with it \(HS256\): every service/);
    expect(output).not.toContain(newer);
  });

  it.each([
    { name: 'is missing', variables: {}, isAsked: true },
    { name: 'is weak', variables: { SALLYPORT_TOKEN_SECRET: 'weak-weak-weak' }, isAsked: true },
    {
      name: 'is the root secret',
      variables: { SALLYPORT_TOKEN_SECRET: newer, SALLYPORT_SECRET: newer },
      isAsked: true,
    },
    { name: 'is not asked for', variables: { SALLYPORT_TOKEN_SECRET: newer }, isAsked: false },
  ])('doctor finds a secret that $name', async ({ variables, isAsked }) => {
    const { code, output } = await prepare({ SALLYPORT_SECRET: firstSecret, ...variables }, isAsked).run(['doctor']);
    expect(code).toBe(1);
    expect(output).toMatch(/BAD +token secret +SALLYPORT_TOKEN_SECRET/);
    for (const value of Object.values(variables)) expect(output).not.toContain(value);
  });
});
