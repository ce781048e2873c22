import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClosing } from '../closing.ts';
import { fetchSecrets } from './fetch-secrets.ts';
import { secretsSchema, type SecretSource } from './secret-source.ts';

const closing = createClosing();
afterEach(() => closing.close());

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function sourceOf(from: object): SecretSource {
  const source = secretsSchema.parse({ from }).from;
  if (source === undefined) throw new TypeError('there is no source');
  return source;
}

const ask = (from: object, variables: Readonly<Record<string, string>> = {}) =>
  fetchSecrets(sourceOf(from), { variables: { PATH: process.env['PATH'], ...variables }, workingFolder: folder });

/** A command that runs a program in JavaScript. */
const running = (program: string) => ({ command: [process.execPath, '--eval', program] });
const printing = (text: string) => running(`process.stdout.write(${JSON.stringify(text)})`);

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secrets`; // It listens on TCP.
}

async function refusalOf(asking: Promise<unknown>): Promise<string> {
  const error = await asking.then(
    () => new Error('it was not refused'),
    (refused: unknown) => refused as Error,
  );
  expect(error.name).toBe('ConfigurationError');
  expect(error.message).not.toMatch(/canary/i);
  return error.message;
}

describe('what a source gives', () => {
  it.each([
    { name: 'no text at all', text: '', says: /gives no JSON/ },
    { name: 'no JSON', text: 'canary', says: /gives no JSON/ },
    { name: 'JSON that breaks off', text: '{"SMTP_URL": "smtp://u:canary@m', says: /gives no JSON/ },
    { name: 'two objects', text: '{"SMTP_URL": "canary"}{}', says: /gives no JSON/ },
    { name: 'a list', text: '["canary"]', says: /no JSON object/ },
    { name: 'a text', text: '"canary"', says: /no JSON object/ },
    { name: 'null', text: 'null', says: /no JSON object/ },
    { name: 'an unknown name', text: '{"SMTP_ULR": "canary"}', says: /SMTP_ULR, which is not the name of a secret/ },
    { name: 'a variable that is no secret', text: '{"PORT": "canary"}', says: /PORT, which is not the name/ },
    { name: 'the path of a file', text: '{"SMTP_URL_FILE": "/canary"}', says: /SMTP_URL_FILE, which is not/ },
    { name: 'a name of an object itself', text: '{"__proto__": {"x": "canary"}}', says: /a member, which is not/ },
    { name: 'a secret where a name belongs', text: '{"canary-h7": "x"}', says: /a member, which is not the name/ },
    { name: 'a number', text: '{"SALLYPORT_SECRET": 12345}', says: /SALLYPORT_SECRET, which is not a text/ },
    { name: 'null for one', text: '{"REDIS_URL": null}', says: /REDIS_URL, which is not a text/ },
    { name: 'an object for one', text: '{"REDIS_URL": {"a": "canary"}}', says: /REDIS_URL, which is not a text/ },
    { name: 'an empty value', text: '{"REDIS_URL": " "}', says: /REDIS_URL, which is empty/ },
    {
      name: 'one good and one bad member',
      text: '{"SMTP_URL": "smtp://canary", "REDIS_URL": 1}',
      says: /REDIS_URL, which is not a text/,
    },
  ])('is refused as a whole: $name', async ({ text, says }) => {
    expect(await refusalOf(ask(printing(text)))).toMatch(says);
  });

  it.each(['data', 'data.other', 'data.data.SMTP_URL', 'toString', '__proto__'])(
    'is refused when there is no object of secrets at %s',
    async (at) => {
      const text = JSON.stringify({ data: { data: { SMTP_URL: 'canary' } } });
      expect(await refusalOf(ask({ ...printing(text), at }))).toMatch(/secrets\.from\.command/);
    },
  );

  it('is refused when it is no UTF-8', async () => {
    const program =
      'process.stdout.write(Buffer.concat([Buffer.from(\'{"SMTP_URL": "\'), Buffer.from([255]), Buffer.from(\'"}\')]))';
    expect(await refusalOf(ask(running(program)))).toMatch(/gives no JSON/);
  });

  it('is its members, without white space around them', async () => {
    const set = { SALLYPORT_SECRET: '2:new,1:old\n', SMTP_URL: 'smtps://u:ü@mail' };
    expect(await ask(printing(JSON.stringify(set)))).toEqual({ ...set, SALLYPORT_SECRET: '2:new,1:old' });
    const nested = JSON.stringify({ data: { data: set, metadata: { version: 3 } } });
    expect(await ask({ ...printing(nested), at: 'data.data' })).toMatchObject({ SMTP_URL: set.SMTP_URL });
  });
});

describe('a command for secrets', () => {
  it.each([
    { name: 'that is not there', from: { command: ['/nowhere/canary'] }, says: /command +cannot be run \(ENOENT\)/ },
    { name: 'that fails', from: running('process.exit(3)'), says: /ended with code 3/ },
    {
      name: 'that fails and explains itself',
      from: running("console.log('canary'); console.error('canary'); process.exit(1)"),
      says: /ended with code 1/,
    },
    {
      name: 'that prints secrets and then fails',
      from: running(`process.stdout.write('{"SMTP_URL": "smtp://canary"}'); process.exitCode = 1`),
      says: /ended with code 1/,
    },
    { name: 'that is killed', from: running("process.kill(process.pid, 'SIGKILL')"), says: /ended with SIGKILL/ },
    {
      name: 'that prints without end',
      from: running("const more = () => process.stdout.write('canary'.repeat(1000), more); more()"),
      says: /printed more than 262144 bytes/,
    },
  ])('$name is refused, and nothing that it printed is repeated', async ({ from, says }) => {
    expect(await refusalOf(ask(from))).toMatch(says);
  });

  it('is ended when it takes too long, with what it started', async () => {
    const file = join(folder, 'child-pid');
    const program = `
      const child = require('node:child_process').spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
      setInterval(() => {}, 1000);`;
    const asking = refusalOf(ask({ ...running(program), timeoutSeconds: 5 }));
    await expect.poll(() => existsSync(file), { timeout: 4500 }).toBe(true);
    expect(await asking).toMatch(/did not end within 5 s/);
    const child = Number(readFileSync(file, 'utf8'));
    const isAlive = (): boolean => {
      try {
        process.kill(child, 0);
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${child}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    await expect.poll(isAlive).toBe(false);
  });

  it('is given its arguments as they are, with no shell in between', async () => {
    const marker = join(folder, 'marker');
    const secret = `$(touch ${marker}); \`touch ${marker}\` > ${marker} | x`;
    const program = 'process.stdout.write(JSON.stringify({ SMTP_URL: process.argv[1] }))';
    expect(await ask({ command: [process.execPath, '--eval', program, secret] })).toEqual({ SMTP_URL: secret });
    expect(existsSync(marker)).toBe(false);
  });

  it('inherits the environment without the secrets of the gateway', async () => {
    const program = `process.stdout.write(JSON.stringify({ SMTP_URL: JSON.stringify(process.env) }))`;
    const variables = { VAULT_ADDR: 'https://vault', DATABASE_URL: 'canary', REDIS_URL_FILE: '/canary', PORT: '3000' };
    const { SMTP_URL: seen = '' } = await ask(running(program), variables);
    expect(JSON.parse(seen)).toMatchObject({ VAULT_ADDR: 'https://vault', PORT: '3000' });
    expect(seen).not.toMatch(/canary/);
  });

  it('finds its standard input closed', async () => {
    const program = `process.stdin.on('end', () => process.stdout.write('{"SMTP_URL": "smtp://m"}')).resume()`;
    expect(await ask(running(program))).toEqual({ SMTP_URL: 'smtp://m' });
  });
});

describe('an address for secrets', () => {
  it.each([
    ...[201, 204, 400, 401, 403, 404, 500, 503].map((status) => ({
      status,
      says: new RegExp(`url +answered ${status}`),
    })),
    ...[301, 302, 303, 307, 308].map((status) => ({ status, says: /redirects are not followed/ })),
  ])('that answers $status is refused', async ({ status, says }) => {
    let count = 0;
    const url = await serving((_request, response) => {
      count += 1;
      response.writeHead(status, { location: '/canary' }).end(status === 204 ? '' : '{"SMTP_URL": "canary"}');
    });
    expect(await refusalOf(ask({ url }))).toMatch(says);
    expect(count).toBe(1);
  });

  it.each([
    { name: 'breaks off', answer: '{"SMTP_URL": "smtp://can', length: 100, says: /cannot be asked \(ECONNRESET\)/ },
    { name: 'is too long', answer: 'canary'.repeat(50_000), length: 300_000, says: /more than 262144 bytes/ },
  ])('whose answer $name is refused', async ({ answer, length, says }) => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': length });
      response.write(answer, () => response.destroy());
    });
    expect(await refusalOf(ask({ url }))).toMatch(says);
  });

  it.each([
    { name: 'never answers', begin: () => {} },
    { name: 'begins and never ends', begin: (write: (text: string) => void) => write('{') },
  ])('that $name is given up', async ({ begin }) => {
    const url = await serving((_request, response) => begin((text) => void response.write(text)));
    expect(await refusalOf(ask({ url, timeoutSeconds: 1 }))).toMatch(/did not answer within 1 s/);
  });

  it('that no server answers is refused', async () => {
    expect(await refusalOf(ask({ url: 'http://127.0.0.1:9/canary' }))).toMatch(/cannot be asked \(ECONNREFUSED\)/);
  });

  it('is sent its headers and the token of the file, read each time', async () => {
    const seen: unknown[] = [];
    const url = await serving(({ headers }, response) => {
      seen.push([headers['x-vault-token'], headers['x-vault-namespace'], headers.authorization]);
      response.end('{"SMTP_URL": "smtp://m"}');
    });
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'first\n', { mode: 0o600 });
    const from = { url, tokenFile, tokenHeader: 'X-Vault-Token', headers: { 'X-Vault-Namespace': 'team' } };
    expect(await ask(from)).toEqual({ SMTP_URL: 'smtp://m' });
    writeFileSync(tokenFile, 'second\n');
    await ask(from);
    await ask({ url, tokenFile });
    expect(seen).toEqual([
      ['first', 'team', undefined],
      ['second', 'team', undefined],
      [undefined, undefined, 'Bearer second'],
    ]);
  });

  it.each([
    { name: 'that is not there', prepare: () => {}, says: /tokenFile that cannot be read/ },
    {
      name: 'that is empty',
      prepare: (file: string) => writeFileSync(file, '\n', { mode: 0o600 }),
      says: /tokenFile that is empty/,
    },
    {
      name: 'with two lines',
      prepare: (file: string) => writeFileSync(file, 'canary\nx: y', { mode: 0o600 }),
      says: /holds no token/,
    },
    {
      name: 'that everybody can read',
      prepare: (file: string) => {
        writeFileSync(file, 'canary');
        chmodSync(file, 0o644);
      },
      says: /tokenFile that everybody can read: run "chmod 600"/,
    },
  ])('with a file $name for its token is not asked', async ({ name, prepare, says }) => {
    let isAsked = false;
    const url = await serving((_request, response) => {
      isAsked = true;
      response.end('{}');
    });
    const tokenFile = join(folder, `token-${name.replaceAll(' ', '-')}`);
    prepare(tokenFile);
    expect(await refusalOf(ask({ url, tokenFile }))).toMatch(says);
    expect(isAsked).toBe(false);
  });
});

describe('the configuration of a source', () => {
  const url = 'https://vault.example.test/v1/secret/data/sallyport';
  it.each([
    { name: 'nothing to ask', from: {}, key: 'command' },
    { name: 'two to ask', from: { command: ['x'], url }, key: 'command' },
    { name: 'a command line in one piece', from: { command: 'vault kv get' }, key: 'command' },
    { name: 'an empty command', from: { command: [] }, key: 'command' },
    { name: 'an address in clear', from: { url: 'http://vault.example.test/' }, key: 'url' },
    { name: 'an address of files', from: { url: 'file:///etc/secrets.json' }, key: 'url' },
    { name: 'an address that is none', from: { url: 'vault' }, key: 'url' },
    { name: 'credentials in the address', from: { url: 'https://u:p@vault.example.test/' }, key: 'url' },
    { name: 'a token for a command', from: { command: ['x'], tokenFile: '/t' }, key: 'tokenFile' },
    { name: 'headers for a command', from: { command: ['x'], headers: { a: 'b' } }, key: 'headers' },
    { name: 'a header for no token', from: { url, tokenHeader: 'X-Vault-Token' }, key: 'tokenHeader' },
    { name: 'a header that ends another', from: { url, headers: { a: 'b\r\nc: d' } }, key: 'headers.a' },
    { name: 'a path with a gap', from: { url, at: 'data..data' }, key: 'at' },
    { name: 'no time', from: { url, timeoutSeconds: 0 }, key: 'timeoutSeconds' },
    { name: 'an hour of time', from: { url, timeoutSeconds: 3600 }, key: 'timeoutSeconds' },
    { name: 'an unknown member', from: { url, token: 'canary' }, key: '' },
  ])('is refused with $name', ({ from, key }) => {
    const parsed = secretsSchema.safeParse({ from });
    expect(parsed.error?.issues.map(({ path }) => path.slice(1).join('.'))).toContain(key);
  });

  it.each([-1, 1, 9, 1.5, 86_401])('is refused with a refresh every %s seconds', (refreshSeconds) => {
    expect(secretsSchema.safeParse({ refreshSeconds }).success).toBe(false);
  });

  it.each([0, 10, 300, 86_400])('is accepted with a refresh every %s seconds', (refreshSeconds) => {
    expect(secretsSchema.parse({ refreshSeconds, from: { url } })).toMatchObject({ refreshSeconds });
  });
});
