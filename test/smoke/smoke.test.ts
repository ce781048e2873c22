import { mkdir, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from '../../tools/testing/find-chromium.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { broughtAlong, findLocalTies, findOtherVersions, type LockFile } from './lock-files.ts';
import { identityScript, policyAnswers, writeLibrarySpecs, type LibraryService } from './library-specs.ts';
import { packFromCopy } from './packed-copy.ts';
import { startSystem, type RunningSystem } from './running-system.ts';
import { writeScaffolds } from './scaffolds.ts';
import { createStepClock, showBytes } from './step-clock.ts';
import { openVisit, signUp, type Visit } from './visit.ts';
import { openWorkbench, sizeOf, type Workbench } from './workbench.ts';

const clock = createStepClock();
const chromium = findChromium();
/** Folders that are installed by themselves. The gateway is in the first. */
const installed = ['.', 'api', 'legacy', 'web'] as const;
const services: readonly (LibraryService & { readonly name: string })[] = [
  { folder: 'api', nest: '12', name: 'a service of Nest 12 with Vitest' },
  { folder: 'legacy', nest: '11', name: 'a service of Nest 11 in CommonJS, with TypeScript 5 and Jest' },
];
const minutes = (count: number): number => count * 60_000;

let bench: Workbench;
let team: string;
let packs: string;
let packedIn: string;

beforeAll(async () => {
  bench = await openWorkbench();
  team = path.join(bench.folder, 'acme');
  packs = path.join(bench.folder, 'packs');
  await mkdir(team);
});
afterAll(async () => {
  await bench.remove();
  // Vitest keeps what passing tests write to the console to itself.
  process.stdout.write(`\nThe five minutes of an adopter\n${clock.lines().join('\n')}\n`);
});

/** Each step goes on where the one before it ended. */
let failed = false;
beforeEach(({ onTestFailed, skip }) => {
  skip(failed, 'a step before it failed');
  onTestFailed(() => {
    failed = true;
  });
});

describe('an adopter outside the repository', { retry: 0 }, () => {
  it('gets tarballs, whose place of origin is no more afterwards', { timeout: minutes(10) }, async () => {
    await clock.take('Build and pack', async (note) => {
      const { tarballs, packedIn: origin } = await packFromCopy(bench.folder, packs);
      packedIn = origin;
      note(`${tarballs.length} tarballs, ${showBytes(tarballs.reduce((sum, { bytes }) => sum + bytes, 0))}`);
    });
    await expect(readdir(packedIn)).rejects.toThrow('ENOENT');
  });

  it('begins with what create-next-app and the tools of Nest write', { timeout: minutes(10) }, async () => {
    await clock.take('Scaffold Next.js, Nest 12 and Nest 11', () => writeScaffolds(bench, team));
    await writeFile(path.join(team, '.gitignore'), 'node_modules/\n.next/\ndist/\n');
    await bench.git(['init', '--quiet'], team);
    await bench.git(['add', '--all'], team);
    await bench.git(['commit', '--quiet', '--message', 'Begin'], team);
  });

  it(
    'sets the repository up with one command, which leaves nothing to do by hand',
    { timeout: minutes(10) },
    async () => {
      const tool = path.join(bench.folder, 'tool');
      await clock.take('Install the command line from its tarball', async () => {
        await mkdir(tool);
        await writeFile(path.join(tool, 'package.json'), '{ "private": true }\n');
        // Those for services and applications would bring their frameworks along.
        const files = (await readdir(packs))
          .filter((file) => !/^sallyport-(?:nestjs|nextjs|testing)-/.test(file))
          .map((file) => path.join(packs, file));
        await bench.npm(['install', '--loglevel=error', ...files], tool);
      });
      const words = ['init', '--yes', '--json', '--packages', packs, '--package-manager', 'npm'];
      const program = path.join(tool, 'node_modules/sallyport/bin/sallyport.mjs');
      const output = await clock.take('sallyport init', () => bench.node(program, [...words, '--name', 'Acme'], team));
      expect(JSON.parse(output)).toMatchObject({ isDone: true, byHand: [] });
      await bench.git(['add', '--all'], team);
      await bench.git(['commit', '--quiet', '--message', 'Set up'], team);
      expect(JSON.parse(await bench.node(program, words, team))).toMatchObject({ changes: [], copies: 0 });
    },
  );

  it.each(services)('gets tests of the library in $name', async (service) => {
    await writeLibrarySpecs(team, packs, service);
  });

  it.each(installed)('installs %s with its own package manager', { timeout: minutes(15) }, async (folder) => {
    const place = path.join(team, folder);
    await clock.take(`npm install in ${folder}`, async (note) => {
      await bench.npm(['install', '--loglevel=error'], place);
      note(showBytes(await sizeOf(path.join(place, 'node_modules'))));
    });
    const ours = path.join(place, 'node_modules/@sallyport');
    for (const name of await readdir(ours)) expect(await realpath(path.join(ours, name))).toBe(path.join(ours, name));
  });

  it.each(installed)(
    'has a lock file in %s that works elsewhere, and the versions that were tested',
    async (folder) => {
      const text = await readFile(path.join(team, folder, 'package-lock.json'), 'utf8');
      const lock = JSON.parse(text) as LockFile; // npm wrote it.
      const tested = JSON.parse(await readFile(path.join(workspaceRoot, 'package-lock.json'), 'utf8')) as LockFile;
      expect(text).not.toMatch(/\blink:|\bworkspace:/);
      for (const origin of [workspaceRoot, packedIn, bench.folder]) expect(text).not.toContain(origin);
      expect(findLocalTies(lock, folder === '.' ? 'sallyport-packages' : '../sallyport-packages')).toEqual([]);
      expect(findOtherVersions(lock, tested)).toEqual([]);
      expect(broughtAlong(lock).length).toBeGreaterThan(0);
    },
  );

  it.each(services)('compiles and tests $name', { timeout: minutes(10) }, async ({ folder }) => {
    const place = path.join(team, folder);
    await clock.take(`Compile and test ${folder}`, async () => {
      await bench.npm(['run', 'build'], place);
      await bench.npm(['test'], place);
    });
  });

  it.each(services)('runs identity in the process of $name', { timeout: minutes(2) }, async ({ folder, nest }) => {
    const place = path.join(team, folder);
    await clock.take(`Identity in ${folder}`, () => bench.node(path.join(place, identityScript(nest)), [], place));
  });

  it.each(services)('asks a policy in $name', { timeout: minutes(2) }, async ({ folder }) => {
    const place = path.join(team, folder);
    const output = await bench.node(path.join(place, 'dist/policy-program.js'), [], place);
    expect(JSON.parse(output)).toEqual(policyAnswers);
  });

  it(
    'builds the application of Next.js, whose pages are all made for their request',
    { timeout: minutes(15) },
    async () => {
      const output = await clock.take('next build', () => bench.npm(['run', 'build'], path.join(team, 'web')));
      expect(output).toMatch(/ƒ \/members/);
      expect(output).not.toMatch(/○ \/(?:\s|$)/m);
    },
  );
});

describe.skipIf(chromium === undefined)('the visitors of an adopter (skipped without Chromium)', { retry: 0 }, () => {
  let system: RunningSystem;
  let visit: Visit;

  beforeAll(async () => {
    if (failed) return;
    system = await clock.take('npm run dev:all, until everything answers', () => startSystem(bench, team));
    visit = await openVisit(chromium ?? '', system);
  }, minutes(8));
  afterAll(async () => {
    await visit?.close();
    await system?.interrupt();
  }, minutes(2));

  it('are strangers to pages and services without an account', { timeout: minutes(5) }, async () => {
    const { page } = visit;
    await page.goto('/');
    await page.getByText('To get started').waitFor();
    for (const path of ['/api/api', '/api/legacy']) expect((await fetch(`${system.url}${path}`)).status).toBe(401);
    for (const name of ['api', 'legacy']) expect((await fetch(system.direct.get(name) ?? '')).status).toBe(401);
    await page.goto('/members');
    expect(new URL(page.url()).pathname).toBe('/auth/sign-in');
    expect(await page.title()).toContain('Acme');
  });

  it('sign up by mail, sign in, and come back to the protected page', { timeout: minutes(5) }, async () => {
    const { page } = visit;
    await clock.take('Sign up, confirm, sign in', async () => {
      const person = await signUp(page, system);
      await page.waitForURL((url) => url.pathname === '/members');
      await page.getByRole('heading', { name: `Hello ${person.name}` }).waitFor();
    });
    // What the page says of the service: the answer of a guarded handler, fetched on the server as this person.
    await page.getByText('The service answered with 200: Hello World!').waitFor();
  });

  it.each(['/api/api', '/api/legacy'])('call the guarded handler at %s from the browser', async (address) => {
    const answer = await visit.page.evaluate(async (target) => {
      const response = await fetch(target);
      return { status: response.status, text: await response.text() };
    }, address);
    expect(answer).toEqual({ status: 200, text: 'Hello World!' });
  });

  it('sign out, and are strangers again', { timeout: minutes(5) }, async () => {
    const { page } = visit;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/signed-out/);
    await page.goto('/members');
    expect(new URL(page.url()).pathname).toBe('/auth/sign-in');
    expect(visit.faults).toEqual([]);
  });

  it('leave nothing behind that still runs, after Ctrl-C', { timeout: minutes(2) }, async () => {
    await visit.close();
    expect(await clock.take('Ctrl-C, until all has ended', () => system.interrupt())).toEqual([]);
  });
});
