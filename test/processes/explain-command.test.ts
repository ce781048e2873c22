import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createWorkplace, freePort, goodPassword, type Workplace } from 'sallyport/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBeside, writeConfig } from './command-workplace.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { signIn } from './sign-in.ts';

const email = 'ada@example.com';

describe('sallyport explain', () => {
  let place: Workplace;
  let gateway: GatewayProcess;
  let cookie: string;
  beforeAll(async () => {
    place = createWorkplace();
    const port = await freePort();
    writeConfig(place, port, 'unused:');
    await place.run(['users', 'create-admin', '--email', email, '--password-stdin'], goodPassword);
    gateway = await startBeside(place);
    cookie = await signIn(gateway.origin, { email, password: goodPassword });
  });
  afterAll(async () => {
    await gateway.stop();
    rmSync(place.folder, { recursive: true, force: true });
  });

  it('shows every stage of a request that passes, and never the cookie', async () => {
    const shown = await place.run(['explain', 'get', '/orders?code=hidden-word', '--cookie-stdin'], cookie);
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.output).toMatch(/^ok\s+firewall\s+canonical request\s+GET localhost/m);
    expect(shown.output).toMatch(/^->\s+forward\s+upstream\s+http:\/\/127\.0\.0\.1:9$/m);
    expect(shown.output).toMatch(/^Decision: forward$/m);
    expect(shown.output).not.toContain(cookie.split('=')[1] ?? '-');
    expect(shown.output).not.toContain('hidden-word');
  });

  it('takes the bare value of the cookie as well, and writes JSON', async () => {
    const shown = await place.run(['explain', 'GET', '/orders', '--cookie-stdin', '--json'], cookie.split('=')[1]);
    expect(shown.json()).toMatchObject({ decision: 'forward', stages: expect.any(Array) as unknown });
  });

  it('says why a caller is refused, and ends with 1', async () => {
    const shown = await place.run(['explain', 'GET', '/orders', '--as-anonymous']);
    expect(shown.code).toBe(1);
    expect(shown.output).toMatch(/^NO\s+authorize\s+access\s+signed-in$/m);
    expect(shown.output).toMatch(/^Decision: refuse 401 SP_UNAUTHENTICATED \(not-signed-in\)$/m);
  });

  it('asks with the headers of a browser: a page is sent to sign in', async () => {
    const shown = await place.run(['explain', 'GET', '/orders', '--header', 'Accept: text/html', '--header', 'X-A: b']);
    expect(shown).toMatchObject({
      code: 0,
      output: expect.stringContaining('Decision: redirect 303 (not-signed-in)') as string,
    });
  });

  it('says which host is not served', async () => {
    const shown = await place.run(['explain', 'GET', '/', '--host', 'other.example']);
    expect(shown).toMatchObject({ code: 1, output: expect.stringContaining('SP_HOST_UNKNOWN') as string });
  });

  it('asks about the internal listener: what a zone would meet there for a session', async () => {
    const shownUser = await place.run(['users', 'show', email]);
    const sid = /^SID.*\n(\S+) /m.exec(shownUser.output)?.[1] ?? '';
    const ask = (...more: string[]) => place.run(['explain', 'GET', '/orders', '--listener', 'internal', ...more]);
    const shown = await ask('--sid', sid, '--from', 'all');
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.output).toMatch(/^\s+actor\s+all$/m);
    expect(shown.output).toMatch(/^ok\s+limit-address\s+limits\s+none: the internal listener/m);
    expect((await ask('--sid', sid, '--from', 'unknown')).output).toMatch(/SP_TOKEN_INVALID \(audience-unknown\)/);
    expect((await ask()).output).toMatch(/SP_UNAUTHENTICATED/);
  });

  it('is known to the doctor as a gateway that runs', async () => {
    const { output } = await place.run(['doctor']);
    expect(output).toMatch(/^ok\s+running gateway\s+serves with 1 process$/m);
    expect(output).toMatch(/^ok\s+admin listener\s+on loopback: only this machine reaches it$/m);

    // Something that cannot change while it runs.
    const file = join(place.folder, 'sallyport.config.ts');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace('"passwords"', '"session":{"idleSeconds":60},"passwords"'));
    const admin = readFileSync(join(place.dataDir, 'admin-address'), 'utf8').trim();
    expect((await fetch(`${admin}/reload`, { method: 'POST' })).status).toBe(409);
    expect((await place.run(['doctor'])).output).toMatch(/^BAD\s+reload\s+.*session cannot change/m);
    writeFileSync(file, before);
    expect((await fetch(`${admin}/reload`, { method: 'POST' })).status).toBe(200);
    expect((await place.run(['doctor'])).output).not.toContain('reload');
  });

  it.each([
    { name: 'two callers at once', args: ['GET', '/', '--as-anonymous', '--sid', 'a'], says: /exclude each other/ },
    { name: 'a header without a name', args: ['GET', '/', '--header', 'secret-value'], says: /name: value/ },
    { name: 'a listener that is none', args: ['GET', '/', '--listener', 'admin'], says: /listener/ },
    {
      name: 'a session at the internal listener without the audience that calls',
      args: ['GET', '/', '--listener', 'internal', '--sid', 'a'],
      says: /from: is needed/,
    },
    { name: 'a method that is none', args: ['G/T', '/'], says: /method/ },
    { name: 'an address that is none', args: ['GET', '/', '--address', 'here'], says: /clientAddress/ },
    {
      name: 'a plain address elsewhere',
      args: ['GET', '/', '--admin', 'http://example.test'],
      says: /https or loopback/,
    },
  ])('refuses $name', async ({ args, says }) => {
    const { code, errors } = await place.run(['explain', ...args]);
    expect(code).toBe(2);
    expect(errors).toMatch(says);
    expect(errors).not.toContain('secret-value');
  });

  it('says so when no gateway runs, and when something else answers there', async () => {
    const other = createServer((_, response) => response.end('<html>'));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const at = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await place.run(['explain', 'GET', '/', '--admin', at])).toMatchObject({
      code: 3,
      errors: expect.stringContaining('not as a gateway does') as string,
    });
    other.close();
    const quiet = createWorkplace();
    writeFileSync(join(quiet.folder, 'sallyport.config.ts'), 'export default {};\n');
    writeConfig(quiet, 9, 'unused:');
    expect(await quiet.run(['explain', 'GET', '/'])).toMatchObject({
      code: 3,
      errors: expect.stringContaining('No gateway is running') as string,
    });
    rmSync(quiet.folder, { recursive: true, force: true });
  });
});
