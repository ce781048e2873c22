import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGatewayFolder, type GatewayFolder } from './gateway-folder.ts';
import { sourcesOf, type GatewayProcess } from './gateway-process.ts';
import { makeAccount } from './make-account.ts';

// Each command is a process, and twelve of them start at once.
vi.setConfig({ testTimeout: 120_000 });

const account = { email: 'ada@example.test', password: 'violet-harbor-lantern-42' };
const hasPseudoTerminal = spawnSync('script', ['--version']).status === 0;

let service: Server;
let served = 0;
let folder: GatewayFolder;
let gateway: GatewayProcess;
let file: string;

beforeAll(async () => {
  service = createServer((_request, response) => {
    served++;
    response.end('what the service says');
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const open = { upstream, access: 'signed-in', audience: 'api' } as const;
  folder = await createGatewayFolder({
    config: {
      firstPartyTokens: {},
      routes: [
        { ...open, name: 'api', prefix: '/api', credentials: ['session', 'bearer'] },
        { ...open, name: 'browsers', prefix: '/browsers' },
      ],
    },
  });
  await makeAccount(folder, {}, account);
  gateway = await folder.start();
  file = join(folder.folder, 'tokens', 'refresh-token');
});
afterAll(async () => {
  await gateway.stop();
  folder.remove();
  service.close();
});
beforeEach(() => {
  rmSync(file, { force: true });
  served = 0;
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const start = (words: readonly string[]): ChildProcess => {
  const [node = '', ...program] = sourcesOf('examples/terminal-client/src/main.ts');
  return spawn(node, [...program, ...words], {
    env: { GATEWAY: folder.origin, TOKEN_FILE: file },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
};
const finish = async (child: ChildProcess, input = ''): Promise<Ended> => {
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin?.end(input);
  await once(child, 'close');
  return { code: child.exitCode, output, errors };
};
const saying = (text: string): string => expect.stringContaining(text) as string;
const run = (words: readonly string[], input?: string): Promise<Ended> => finish(start(words), input);
const signIn = (password = account.password): Promise<Ended> => run(['sign-in'], `${account.email}\n${password}\n`);

describe('a terminal', () => {
  it('signs in, keeps the refresh token for its owner alone, calls a service, and signs out', async () => {
    expect(await signIn()).toMatchObject({ code: 0, output: '' });
    expect([statSync(file).mode & 0o777, readFileSync(file, 'utf8')]).toEqual([
      0o600,
      expect.stringMatching(/^sp_rt_\S+\n$/) as string,
    ]);
    const before = readFileSync(file, 'utf8');
    expect(await run(['get', '/api/x'])).toEqual({ code: 0, output: 'what the service says\n', errors: '' });
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    expect(await run(['sign-out'])).toMatchObject({ code: 0 });
    expect(existsSync(file)).toBe(false);
    expect(await run(['get', '/api/x'])).toMatchObject({
      code: 1,
      output: '',
      errors: saying('Not signed in'),
    });
    // What was copied before is worthless.
    writeFileSync(file, before, { mode: 0o600 });
    expect(await run(['get', '/api/x'])).toMatchObject({ code: 1, errors: saying('Not signed in') });
    expect(served).toBe(1);
  });

  it('stays signed in while twelve of its runs share one sign-in', async () => {
    await signIn();
    for (let turn = 0; turn < 2; turn++) {
      const ended = await Promise.all(Array.from({ length: 12 }, () => run(['get', '/api/x'])));
      expect(ended.map(({ code, errors }) => [code, errors])).toEqual(Array.from({ length: 12 }, () => [0, '']));
    }
    expect(served).toBe(24);
  });

  it('is not locked out by a run that was killed while it had the lock', async () => {
    await signIn();
    const killed = Array.from({ length: 3 }, () => start(['get', '/api/x']));
    await Promise.race(killed.map((child) => once(child.stdout ?? expect.fail('it is piped'), 'data')));
    for (const child of killed) child.kill('SIGKILL');
    expect(await run(['get', '/api/x'])).toMatchObject({ code: 0 });
  });

  it('says that the gateway is away, and is signed in when it is back', async () => {
    await signIn();
    const before = readFileSync(file, 'utf8');
    await gateway.stop();
    expect(await run(['get', '/api/x'])).toMatchObject({
      code: 1,
      errors: saying('SP_CLIENT_UNAVAILABLE'),
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
    gateway = await folder.start();
    expect(await run(['get', '/api/x'])).toMatchObject({ code: 0 });
  });

  it.skipIf(!hasPseudoTerminal)('shows the address that is typed, and not the password', async () => {
    const command = [...sourcesOf('examples/terminal-client/src/main.ts'), 'sign-in']
      .map((word) => `'${word}'`)
      .join(' ');
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      env: { ...process.env, GATEWAY: folder.origin, TOKEN_FILE: file, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    for (const [question, answer] of [
      ['Email address: ', account.email],
      ['Password: ', account.password],
    ] as const) {
      await expect.poll(() => shown, { timeout: 30_000 }).toContain(question);
      child.stdin.write(`${answer}\r`);
    }
    await once(child, 'close');
    expect(shown).toContain(account.email);
    expect(shown).toContain('Signed in.');
    expect(shown).not.toContain(account.password.slice(0, 6));
  });
});

describe('a terminal is refused', () => {
  it.each([
    {
      name: 'with a wrong password',
      input: `${account.email}\nquiet-meadow-copper-17\n`,
      says: 'SP_CREDENTIALS_INVALID',
    },
    { name: 'without a password', input: `${account.email}\n`, says: 'no answer' },
  ])('$name, and nothing is kept', async ({ input, says }) => {
    const { code, output, errors } = await run(['sign-in'], input);
    expect([code, output]).toEqual([1, '']);
    expect(errors).toContain(says);
    expect(errors).not.toContain('quiet-meadow');
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['another host', 'https://evil.test/api/x', 'SP_CLIENT_ORIGIN_REFUSED'],
    ['a host without a scheme', '//evil.test/api/x', 'SP_CLIENT_ORIGIN_REFUSED'],
    ['a route for browsers alone', '/browsers/x', ''],
    ['what identity serves to browsers', '/auth/second-factor', ''],
  ])('by %s', async (_name, target, says) => {
    await signIn();
    const { code, errors } = await run(['get', target]);
    expect([code, served]).toEqual([1, 0]);
    expect(errors).toContain(says);
    expect(await run(['get', '/api/x'])).toMatchObject({ code: 0 });
  });

  it('when others can read its file', async () => {
    await signIn();
    chmodSync(file, 0o644);
    expect(await run(['get', '/api/x'])).toMatchObject({ code: 1, errors: saying('chmod 600') });
  });

  it.each([[[]], [['get']], [['evil']]])('without a command that it knows: %j', async (words) => {
    expect(await run(words)).toMatchObject({ code: 2, errors: saying('sign-in') });
  });
});
