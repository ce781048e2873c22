import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { openAccount, sessionRows } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { findingsInEveryLook } from './every-look.ts';
import { watchTroubles } from './page-findings.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount, signOut, submitSignIn } from './sign-in.ts';

const visitors = useVisitors();
const { url, authority, commandLineClient } = sharedSystem;

/** A terminal with a home of its own. */
function openTerminal() {
  const home = mkdtempSync(path.join(tmpdir(), 'sallyport-terminal-'));
  const start = (...args: readonly string[]) => {
    const child = spawn(process.execPath, [path.join(workspaceRoot, 'packages/cli/bin/sallyport.mjs'), ...args], {
      cwd: home,
      env: {
        PATH: process.env['PATH'],
        XDG_CONFIG_HOME: home,
        SALLYPORT_URL: url,
        NODE_EXTRA_CA_CERTS: authority.caFile,
      },
    });
    const said = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.errors += text));
    const ended = once(child, 'close').then(([code]) => ({ code: Number(code), ...said }));
    return { said, ended };
  };
  return {
    start,
    run: (...args: readonly string[]) => start(...args).ended,
    /** Begins to sign in: resolves to the code, and to what the command says in the end. */
    async login() {
      const { said, ended } = start('login', '--client', commandLineClient);
      for (let count = 0; count < 1200; count += 1) {
        const code = /^ {4}([A-Z]{4}-[A-Z]{4})$/m.exec(said.errors)?.[1];
        if (code !== undefined) return { code, ended };
        await sleep(50);
      }
      throw new Error(`no code: ${said.errors}`);
    },
  };
}

describe('a sign-in from a terminal', () => {
  it('shows a code that its user compares in a browser, and stays when the browser signs out', async () => {
    const terminal = openTerminal();
    const { code, ended } = await terminal.login();
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    const troubles = watchTroubles(page);
    const findings: string[] = [];
    await page.goto(`/auth/device?user_code=${code}`);
    await page.waitForURL(/\/auth\/sign-in/);
    await submitSignIn(page, demoAccount('vendor'));
    await page.getByRole('heading', { name: 'Connect a device' }).waitFor();
    expect(await page.getByLabel('Code').inputValue()).toBe(code);
    findings.push(...(await findingsInEveryLook(page, 'device')));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Connect Sallyport command line?' }).waitFor();
    await page.getByText(code).waitFor();
    await page.getByText('Do everything that you can do').waitFor();
    findings.push(...(await findingsInEveryLook(page, 'device-question')));
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Your device is signed in' }).waitFor();
    findings.push(...(await findingsInEveryLook(page, 'device-allowed')));
    const signedIn = await ended;
    expect(signedIn.code).toBe(0);
    expect(signedIn.output).toContain(demoAccount('vendor').email);

    const called = await terminal.run('call', '/api/shop/products', '--json');
    expect(JSON.parse(called.output)).toMatchObject({ status: 200 });
    await openAccount(page);
    await sessionRows(page).filter({ hasText: 'Sallyport command line' }).first().waitFor();
    await signOut(page);
    expect((await terminal.run('whoami')).output).toContain(demoAccount('vendor').email);
    expect((await terminal.run('logout')).code).toBe(0);
    expect((await terminal.run('whoami')).code).toBe(1);
    expect([...findings, ...troubles.take()]).toEqual([]);
  }, 180_000);

  it('is refused without a script, and by a wrong code that is said to be none', async () => {
    const terminal = openTerminal();
    const { code, ended } = await terminal.login();
    const page = await visitors.openPage({ javaScriptEnabled: false });
    await page.goto('/auth/sign-in?returnTo=%2Fauth%2Fdevice');
    await page.getByLabel('Email address').fill(demoAccount('user').email);
    await page.getByLabel('Password', { exact: true }).fill(demoAccount('user').password);
    await page.locator('main').getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(/\/auth\/device$/);
    await page.getByLabel('Code').fill('BBBB-BBBB');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('That code doesn’t work').waitFor();
    // The code that is typed is in no address.
    expect(new URL(page.url()).search).toBe('');
    await page.getByLabel('Code').fill(code.toLowerCase().replace('-', ' '));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Nothing was allowed' }).waitFor();
    expect(await ended).toMatchObject({ code: 1, output: '' });
  }, 180_000);
});
