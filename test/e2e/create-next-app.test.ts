import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { waitUntilReady } from '../../tools/launch/wait-until-ready.ts';
import { spawnTree } from '../../tools/processes/process-tree.ts';
import { runTool, ToolFailure } from '../../tools/processes/run-tool.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { useVisitors } from './browser.ts';
import { writeScaffold } from './scaffold/write-scaffold.ts';

const issuer = createTestIssuer({ issuer: 'http://localhost:3000/internal', audience: 'web', roles: { user: [] } });
let keys: TestKeyEndpoint;
let folder: string;
let origin: string;
let stop: () => Promise<unknown>;
const visitors = useVisitors(() => origin);

beforeAll(async () => {
  keys = await issuer.listen();
  // Ignored by git, and inside of the folder whose modules it takes.
  folder = await mkdtemp(path.join(workspaceRoot, '.sallyport-scaffold-'));
  await writeScaffold(folder);
  await build();
  const server = path.join(folder, '.next/standalone', path.basename(folder));
  await cp(path.join(folder, '.next/static'), path.join(server, '.next/static'), { recursive: true });
  const [port = 0] = await findFreePorts(1);
  origin = `http://127.0.0.1:${port}`;
  const tree = spawnTree([path.join(server, 'server.js')], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      SALLYPORT_PUBLIC_URL: 'http://localhost:3000',
      SALLYPORT_INTERNAL_URL: new URL(keys.url).origin,
      SALLYPORT_AUDIENCE: 'web',
    },
    stdio: 'ignore',
  });
  stop = () => tree.terminate(2000);
  await waitUntilReady({ url: origin }, AbortSignal.timeout(60_000));
}, 600_000);
afterAll(async () => {
  await stop?.();
  await keys.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an application as create-next-app writes it, with Cache Components', () => {
  it.each(['/', '/slow', '/no/such/page'])('gives every script of %s the nonce of its answer', async (address) => {
    const answer = await fetch(`${origin}${address}`, { headers: { accept: 'text/html' } });
    const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1];
    const scripts = (await answer.text()).match(/<script\b[^>]*>/g) ?? [];

    expect(nonce).toBeDefined();
    expect(scripts.length).toBeGreaterThan(3);
    expect(scripts.filter((tag) => !tag.includes(`nonce="${nonce}"`))).toEqual([]);
  });

  it('runs in a browser, over a soft navigation and what comes late, and nothing is refused', async () => {
    const page = await visitors.openPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    await page.goto('/');
    await page.getByRole('button', { name: 'Count 0' }).click();
    await page.getByRole('button', { name: 'Count 1' }).waitFor();
    await page.getByRole('link', { name: 'Slow' }).click();
    await page.getByText('It came late.').waitFor();
    await page.reload();
    await page.getByText('It came late.').waitFor();

    expect(refused).toEqual([]);
  });

  it('still caches what it asks to be cached', async () => {
    const read = async (): Promise<string | undefined> =>
      /data-testid="cached">([^<]+)</.exec(await (await fetch(origin)).text())?.[1];
    const first = await read();

    expect(first).toBeDefined();
    expect(await read()).toBe(first);
  });

  it('shows nothing of a page to those whom it refuses, although its answer has begun', async () => {
    const open = (address: string, token?: string) =>
      fetch(`${origin}${address}`, {
        redirect: 'manual',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    const user = issuer.tokenFor('user');
    const refused = await open('/vendors', user);
    const known = await open('/mine', user);

    // Next.js resumes what it rendered ahead, be it nothing, and says 200 before it knows.
    expect(refused.status).toBe(200);
    const text = await refused.text();
    expect(text).toContain('Not for you');
    expect(text).not.toContain('Only for vendors');
    expect([known.status, await known.text()]).toEqual([200, expect.stringContaining('Hello')]);
  });

  it('leads strangers to sign in, and back', async () => {
    const page = await visitors.openPage();
    await page.goto('/mine');
    await page.waitForURL('**/sign-in?returnTo=%2Fmine');
    expect(await (await fetch(`${origin}/mine`)).text()).not.toContain('Hello');
  });

  it('says in the Pages Router that auth() works in the other one', async () => {
    const words = /auth\(\) of @sallyport\/nextjs\/server works in the App Router/;

    expect(await (await fetch(`${origin}/legacy`)).text()).toMatch(words);
    expect(await (await fetch(`${origin}/api/legacy`)).text()).toMatch(words);
  });

  it('is not built where its layout renders pages ahead', async () => {
    await writeScaffold(folder, false);
    try {
      const failure = await build().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(ToolFailure);
      expect((failure as ToolFailure).output).toMatch(
        /cacheComponents on.*export const instant = false.*app\/layout\.tsx/s,
      );
    } finally {
      await writeScaffold(folder);
    }
  });
});

async function build(): Promise<void> {
  await runTool({
    name: 'next build',
    nodeArguments: [path.join(workspaceRoot, 'node_modules/next/dist/bin/next'), 'build'],
    cwd: folder,
    environment: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
}
