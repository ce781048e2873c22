import { describe, expect, it } from 'vitest';
import { parseUserImport } from './user-import.ts';

const email = 'robin@example.test';

describe('a record of an import', () => {
  const hash = '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde';
  const parse = (change: object) => parseUserImport({ email, name: 'Robin Doe', ...change }, ['user']);

  it('has the roles that were asked for when it names none', () => {
    expect(parse({})).toMatchObject({ kind: 'valid', user: { roles: ['user'], emailVerified: false } });
    expect(parse({ roles: ['vendor', 'vendor'] })).toMatchObject({ user: { roles: ['vendor'] } });
    expect(parse({ email: ' Robin@Example.TEST ', passwordHash: hash })).toMatchObject({ user: { email } });
  });

  it.each([
    { name: 'no address', change: { email: undefined }, field: 'email' },
    { name: 'an address that is none', change: { email: 'canary' }, field: 'email' },
    { name: 'no name', change: { name: undefined }, field: 'name' },
    { name: 'a name on two lines', change: { name: 'canary\nx' }, field: 'name' },
    { name: 'a name that lost a character', change: { name: 'canary \ufffd' }, field: 'name' },
    { name: 'a hash of another scheme', change: { passwordHash: 'canary' }, field: 'passwordHash' },
    { name: 'a role that cannot be one', change: { roles: ['Canary!'] }, field: 'roles.0' },
    { name: 'a field that is not known', change: { canary: 'x' }, field: 'canary' },
    { name: 'a text where a truth belongs', change: { emailVerified: 'canary' }, field: 'emailVerified' },
  ])('is refused for $name, by field and never by value', ({ name, change, field }) => {
    const parsed = parse(change);
    expect(parsed).toMatchObject({ kind: 'refused', errors: [{ field }] });
    if (!name.includes('not known')) expect(JSON.stringify(parsed)).not.toMatch(/canary/i);
  });

  it.each([null, 'text', 7, [], [{ email }]])('is refused when it is %j', (input) => {
    expect(parseUserImport(input, ['user']).kind).toBe('refused');
  });
});
