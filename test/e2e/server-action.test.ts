import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoProcesses } from '../../tools/launch/demo-processes.ts';
import { runTool } from '../../tools/processes/run-tool.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { waitUntilHydrated } from './hydrated-page.ts';
import { signInDirectly } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { writeActionZone } from './scaffold/write-action-zone.ts';
import { demoAccount, submitSignIn } from './sign-in.ts';

let folder: string;
let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  // Ignored by git, and inside of the folder whose modules it takes.
  folder = await mkdtemp(path.join(workspaceRoot, '.sallyport-scaffold-'));
  await writeActionZone(folder);
  await runTool({
    name: 'next build',
    nodeArguments: [path.join(workspaceRoot, 'node_modules/next/dist/bin/next'), 'build'],
    cwd: folder,
    environment: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  const server = path.join(folder, '.next/standalone', path.basename(folder));
  await cp(path.join(folder, '.next/static'), path.join(server, '.next/static'), { recursive: true });
  const definitions = demoProcesses(workspaceRoot).map((definition) =>
    definition.name === 'account' ? { ...definition, nodeArguments: [path.join(server, 'server.js')] } : definition,
  );
  system = await startOwnSystem({ definitions, gateways: 1 });
}, 600_000);
afterAll(async () => {
  await system?.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('a Server Action after the session ended', () => {
  it('leads its page to sign in and back, and what was typed is there again', async () => {
    const account = demoAccount('user', system.accounts);
    const page = await visitors.openPage();
    await signInDirectly(page, account);
    await keepInTheDark(page);
    await page.goto('/account?list=1');
    await waitUntilHydrated(page);
    const note = page.getByLabel('Note');
    await note.fill('Half a lamp');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved for \w+: Half a lamp$/).waitFor();

    await note.fill('The other half');
    const other = await visitors.openPage();
    await signInDirectly(other, account);
    expect(await callApi(other, '/auth/sessions/revoke-all', { method: 'POST', json: {} })).toMatchObject({
      status: 200,
    });
    const refused = page.waitForResponse((response) => response.request().headers()['next-action'] !== undefined);
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await refused).status()).toBe(401);
    await page.waitForURL(/\/auth\/sign-in\?/);
    expect(new URL(page.url()).searchParams.get('returnTo')).toBe('/account?list=1');
    await submitSignIn(page, account);
    await page.waitForURL((url) => url.pathname === '/account' && url.search === '?list=1');
    await page.getByText('We kept what you typed.').waitFor();
    expect(await note.inputValue()).toBe('The other half');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved for \w+: The other half$/).waitFor();
    expect(await page.getByText('The error boundary').count()).toBe(0);
  });

  it('keeps what was typed from another user who signs in there', async () => {
    const page = await visitors.openPage();
    await signInDirectly(page, demoAccount('vendor', system.accounts));
    await keepInTheDark(page);
    await page.goto('/account');
    await waitUntilHydrated(page);
    await page.getByLabel('Note').fill('Mine alone');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/auth\/sign-in\?/);
    await submitSignIn(page, demoAccount('admin', system.accounts));
    await page.waitForURL((url) => url.pathname === '/account');
    await page.getByLabel('Note').waitFor();
    expect(await page.getByLabel('Note').inputValue()).toBe('');
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('Mine alone');
  });
});

/** A page whose stream is cut hears nothing of the end of its session, and sends its form first. */
async function keepInTheDark(page: Page): Promise<void> {
  await page.route('**/auth/session/events', (route) => route.abort());
}
