import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

let place: Workplace;
const run = (...args: readonly string[]): Promise<CommandResult> => place.run(['oauth-clients', ...args]);
const line = (text: string): Promise<CommandResult> => run(...text.split(' '));
beforeAll(() => {
  place = createWorkplace({}, { oauthProvider: { privateHosts: ['localhost:3005'] } });
});

const secretForm = /^sp_cs_[0-9a-f]{48}[0-9A-Za-z]{6}\n$/;
const program = ['--authentication', 'client_secret_basic', '--grant', 'client_credentials'];
const web =
  '--authentication client_secret_basic --grant authorization_code --grant refresh_token --scope openid --scope offline_access --redirect-uri https://acme.example/cb';

async function make(name: string, options: readonly string[] = program): Promise<string> {
  const result = await run('create', '--name', name, ...options, '--json');
  expect([result.code, result.errors]).toEqual([0, '']);
  return (result.json() as { readonly client: { readonly id: string } }).client.id;
}

describe('sallyport oauth-clients', () => {
  it('writes a new secret alone to standard output, and shows none again', async () => {
    const made = await run('create', '--name', 'Export job', ...program, '--scope', 'product:read');
    expect([made.code, secretForm.test(made.output)]).toEqual([0, true]);
    expect(made.errors).toContain('shown this once');
    const id = /client_[0-9a-f]{20}/.exec(made.errors)?.[0] ?? '';
    const secret = made.output.trim();
    for (const result of [
      await run('list'),
      await run('list', '--json'),
      await run('show', id),
      await run('show', id, '--json'),
    ]) {
      expect([result.code, result.output.includes(secret)]).toEqual([0, false]);
      expect(result.output).toContain('Export job');
    }
  });

  it("registers what a partner signs people in with, and an app of one's own", async () => {
    const partner = await make('Acme Reports', [
      ...web.split(' '),
      '--backchannel-logout-uri',
      'http://localhost:3005/logout',
    ]);
    const shown = (await run('show', partner, '--json')).json() as { readonly client: object };
    expect(shown.client).toMatchObject({
      trust: 'third-party',
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: ['https://acme.example/cb'],
      backchannelLogoutUri: 'http://localhost:3005/logout',
    });
    const made = await line(
      'create --name Phone --trust first-party --authentication none --grant authorization_code --redirect-uri com.example.app:/cb --scope openid',
    );
    expect([made.code, made.output.includes('sp_cs_')]).toEqual([0, false]);
  });

  it('registers the public keys of a file', async () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    writeFileSync(join(place.folder, 'keys.json'), JSON.stringify({ keys: [key] }));
    const signed = ['--authentication', 'private_key_jwt', '--grant', 'client_credentials', '--jwks-file', 'keys.json'];
    const id = await make('Signer', signed);
    const shown = (await run('show', id, '--json')).json() as { readonly client: object };
    expect(shown.client).toMatchObject({ jwks: { keys: [key] }, secret: null });
    writeFileSync(
      join(place.folder, 'private.json'),
      JSON.stringify({ keys: [{ ...key, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' }] }),
    );
    const refused = await run('update', id, '--jwks-file', 'private.json');
    expect([refused.code, refused.errors.includes('private key')]).toEqual([1, true]);
  });

  it('changes what is named, and takes away what may be absent', async () => {
    const id = await make('Changing', [...web.split(' '), '--homepage', 'https://acme.example/']);
    expect(
      (
        await run(
          'update',
          id,
          '--redirect-uri',
          'https://acme.example/one',
          '--redirect-uri',
          'https://acme.example/two',
          '--clear',
          'homepage',
        )
      ).code,
    ).toBe(0);
    const shown = (await run('show', id, '--json')).json() as { readonly client: object };
    expect(shown.client).toMatchObject({
      name: 'Changing',
      redirectUris: ['https://acme.example/one', 'https://acme.example/two'],
      homepage: null,
      scopes: ['openid', 'offline_access'],
    });
  });

  it('registers what a client has to prove, and says what is not there yet', async () => {
    const id = await make('Partner Bank', [
      ...web.split(' '),
      '--dpop',
      'required',
      '--require-pushed-requests',
      'yes',
    ]);
    const shown = (await run('show', id, '--json')).json() as { readonly client: object };
    expect(shown.client).toMatchObject({
      dpop: 'required',
      requirePushedRequests: true,
      certificateBoundTokens: false,
      certificateName: null,
    });
    const undecided = await run('update', id, '--require-pushed-requests', 'maybe');
    expect([undecided.code, undecided.errors]).toEqual([2, expect.stringContaining('must be "yes" or "no"')]);
    const early = await run('update', id, '--dpop', 'optional', '--certificate-bound-tokens', 'yes');
    expect([early.code, early.errors]).toEqual([1, expect.stringContaining('configure "mtls" first')]);
    expect((await run('update', id, '--require-pushed-requests', 'no', '--dpop', 'optional')).code).toBe(0);
  });

  it('lists those of one kind alone where one is named', async () => {
    const id = await make('Assistant', [...program, '--grant', 'token_exchange', '--kind', 'agent']);
    const agents = await run('list', '--kind', 'agent');
    expect([agents.code, agents.output.includes('Assistant'), agents.errors]).toEqual([0, true, 'One client.\n']);
    expect(agents.output).toMatch(/agent .* client_credentials token_exchange/);
    expect((await run('list', '--kind', 'application')).output).not.toContain('Assistant');
    const shown = (await run('show', id, '--json')).json() as { readonly client: object };
    expect(shown.client).toMatchObject({
      kind: 'agent',
      grantTypes: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    });
    expect((await run('list', '--kind', 'robot')).code).toBe(2);
  });

  it('registers an agent with the resource that it is, and takes that away with the grant type alone', async () => {
    const id = await make(
      'Shopping agent',
      '--kind agent --authentication client_secret_basic --grant token_exchange --serves https://agent.example/ --scope product:read'.split(
        ' ',
      ),
    );
    expect((await run('list', '--kind', 'agent')).output).toContain('Shopping agent');
    const refused = await run('update', id, '--grant', 'client_credentials');
    expect([refused.code, refused.errors.includes('token_exchange')]).toEqual([1, true]);
    expect((await run('update', id, '--grant', 'client_credentials', '--clear', 'serves')).code).toBe(0);
  });

  it('rotates a secret, once while both work', async () => {
    const id = await make('Rotated');
    const rotated = await run('rotate-secret', id);
    expect([rotated.code, secretForm.test(rotated.output)]).toEqual([0, true]);
    expect((await run('rotate-secret', id)).code).toBe(1);
    expect((await run('rotate-secret', id, '--overlap-seconds', '0')).code).toBe(0);
  });

  it('disables and deletes the client that was confirmed by its name, and no other', async () => {
    const id = await make('To be gone');
    for (const command of ['disable', 'delete']) {
      for (const confirm of [[], ['--confirm', 'to be gone'], ['--confirm', id]]) {
        const refused = await run(command, id, ...confirm);
        expect([refused.code, refused.output]).toEqual([1, '']);
        expect(refused.errors).toContain('--confirm "To be gone"');
      }
    }
    expect((await run('disable', id, '--confirm', 'To be gone')).code).toBe(0);
    expect((await run('list')).output).toMatch(/To be gone .* disabled/);
    expect((await run('enable', id)).code).toBe(0);
    expect((await run('delete', id, '--confirm', 'To be gone')).code).toBe(0);
    expect((await run('show', id)).code).toBe(1);
  });

  it.each([
    ['create --name X', 2],
    ['create --authentication none --grant authorization_code', 2],
    ['create --name X --authentication none', 2],
    ['create --name X --authentication password --grant client_credentials', 1],
    ['create --name X --authentication none --grant client_credentials', 1],
    ['create --name X --authentication none --grant implicit', 1],
    ['create --name X --authentication none --grant authorization_code', 1],
    ['create --name X --authentication none --grant authorization_code --redirect-uri http://acme.example/', 1],
    ['create --name X --authentication none --grant authorization_code --redirect-uri https://*.acme.example/', 1],
    ['create --name X --authentication none --grant authorization_code --redirect-uri https://acme.example/#x', 1],
    ['create --name X --authentication client_secret_post --grant client_credentials --scope order:read', 1],
    ['create --name X --authentication client_secret_post --grant client_credentials --trust much', 1],
    ['create --name X --authentication private_key_jwt --grant client_credentials', 1],
    ['create --name X --authentication private_key_jwt --grant client_credentials --jwks-file none.json', 2],
    [`create --name X ${web} --backchannel-logout-uri http://localhost:3006/logout`, 1],
    ['show', 2],
    ['show client_00000000000000000000', 1],
    ['show x', 1],
    ['update client_00000000000000000000 --name X', 1],
    ['update client_00000000000000000000', 2],
    ['update client_00000000000000000000 --clear name', 2],
    ['rotate-secret client_00000000000000000000', 1],
    ['rotate-secret client_00000000000000000000 --overlap-seconds soon', 2],
    ['disable client_00000000000000000000 --confirm X', 1],
    ['enable client_00000000000000000000', 1],
    ['delete', 2],
    ['delete client_00000000000000000000 --confirm X', 1],
  ])('refuses %j with %d, and without a stack trace', async (text, code) => {
    const result = await line(text);
    expect([result.code, result.output]).toEqual([code, '']);
    expect(result.errors).not.toMatch(/fault of sallyport|\n\s+at /);
  });

  it('says what is missing where the configuration has no provider', async () => {
    const other = createWorkplace();
    await other.run(['migrate']);
    const result = await other.run(['oauth-clients', 'create', '--name', 'X', ...program]);
    expect([result.code, result.errors.includes('oauthProvider')]).toEqual([1, true]);
  });
});
