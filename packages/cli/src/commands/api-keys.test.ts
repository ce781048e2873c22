import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, goodPassword, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

const ada = 'ada@example.test';
let place: Workplace;
const run = (line: string): Promise<CommandResult> => place.run(line.split(' '));
beforeAll(async () => {
  place = createWorkplace();
  await place.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
  await run('service-accounts create billing vendor');
});

const secretForm = /^sp_key_[0-9A-Za-z]{38}\n$/;

async function idOf(line: string): Promise<string> {
  const { key } = (await run(`${line} --json`)).json() as { readonly key: { readonly id: string } };
  return key.id;
}

describe('sallyport api-keys', () => {
  it('writes a new secret alone to standard output, and lists no secret', async () => {
    const made = await run(`api-keys create --user ${ada} --name Export --scope product:read --days 7`);
    expect([made.code, secretForm.test(made.output)]).toEqual([0, true]);
    expect(made.errors).toContain('shown this once');
    const listed = await run(`api-keys list --user ${ada}`);
    expect(listed.output).toContain('Export');
    expect(listed.output).toContain(made.output.slice(0, 11));
    expect(listed.output).not.toContain(made.output.trim());
  });

  it('lists a line for each key with --json', async () => {
    await run('api-keys create --service billing --name One');
    const { output } = await run('api-keys list --service billing --json');
    const [first = '{}'] = output.trimEnd().split('\n');
    expect(JSON.parse(first)).toMatchObject({ name: 'One', scopes: [], owner: { kind: 'service' }, lastUsedAt: null });
  });

  it('rotates a key, once while both secrets work, and revokes it once', async () => {
    const id = await idOf('api-keys create --service billing --name Rotated --scope product:read');
    const rotated = await run(`api-keys rotate ${id}`);
    expect([rotated.code, secretForm.test(rotated.output)]).toEqual([0, true]);
    const listed = await run('api-keys list --service billing');
    expect(listed.output).toMatch(/^ID .* SECRET BEFORE$/m);
    expect(listed.output).toMatch(new RegExp(`^${id} +Rotated .* works until \\S+Z, last used never$`, 'm'));
    const again = await run(`api-keys rotate ${id}`);
    expect(again).toMatchObject({ code: 1, output: '' });
    expect(again.errors).toMatch(
      /id is that of "Rotated", which is being rotated: its secret before works until \S+Z\./,
    );
    expect((await run(`api-keys rotate ${id} --overlap-seconds 0`)).code).toBe(0);
    expect((await run('api-keys list --service billing')).output).not.toContain('works until');
    expect((await run(`api-keys revoke --id ${id}`)).code).toBe(0);
    expect((await run(`api-keys revoke --id ${id}`)).code).toBe(1);
    expect((await run(`api-keys rotate ${id}`)).code).toBe(1);
  });

  it('revokes all keys of an owner', async () => {
    await run('service-accounts create reporting user');
    await run('api-keys create --service reporting --name One');
    await run('api-keys create --service reporting --name Two');
    expect((await run('api-keys revoke --service reporting --json')).json()).toEqual({ revoked: 2 });
    expect((await run('api-keys list --service reporting')).output).toBe('');
  });

  it.each([
    ['api-keys create --name X', 2],
    [`api-keys create --user ${ada} --service billing --name X`, 2],
    ['api-keys create --service billing', 2],
    ['api-keys create --service billing --name X --days soon', 2],
    ['api-keys create --service billing --name X --days 366', 1],
    ['api-keys create --service billing --name X --scope user:manage', 1],
    ['api-keys create --service billing --name X --scope product', 1],
    ['api-keys create --service none --name X', 1],
    ['api-keys create --user none@example.test --name X', 1],
    ['api-keys list', 2],
    ['api-keys rotate', 2],
    ['api-keys rotate x', 1],
    ['api-keys rotate key_00000000000000000000', 1],
    ['api-keys rotate key_00000000000000000000 --overlap-seconds -1', 2],
    ['api-keys revoke', 2],
    [`api-keys revoke --id x --user ${ada}`, 2],
    ['api-keys revoke --id key_00000000000000000000', 1],
    ['service-accounts create billing user', 1],
    ['service-accounts create Billing user', 1],
    ['service-accounts create other boss', 1],
    ['service-accounts create other', 2],
    ['service-accounts set-roles none user', 1],
    ['service-accounts set-roles billing boss', 1],
    ['service-accounts disable none', 1],
    ['service-accounts enable', 2],
  ])('refuses %j with %d, and without a stack trace', async (line, code) => {
    const result = await run(line);
    expect([result.code, result.output]).toEqual([code, '']);
    expect(result.errors).not.toMatch(/fault of sallyport|\n\s+at /);
  });

  it('makes no key for a service account that is disabled', async () => {
    await run('service-accounts create paused user');
    expect((await run('service-accounts disable paused')).code).toBe(0);
    expect((await run('api-keys create --service paused --name X')).code).toBe(1);
    expect((await run('service-accounts list')).output).toMatch(/paused +user +disabled/);
    await run('service-accounts enable paused');
    expect((await run('api-keys create --service paused --name X')).code).toBe(0);
  });
});
