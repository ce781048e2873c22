import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readDevelopmentFile } from './development-file.ts';
import { runTogether } from './run-together.ts';

const patience = { timeout: 15_000 };
const folder = mkdtempSync(join(tmpdir(), 'sallyport-dev-'));

/** A program that says that it is there, and writes down that it was asked to end. */
function write(name: string, code: string): readonly [string, string] {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  return [process.execPath, file];
}

const waits = (name: string) =>
  write(
    name,
    `import { writeFileSync } from 'node:fs';
     process.on('SIGTERM', () => { writeFileSync('${name}.ended', 'x'); process.exit(0); });
     setInterval(() => {}, 1000); console.log('\\u001b[2J\\u001b[3J\\u001b[H${name} is up');`,
  );

function run(processes: readonly { readonly name: string; readonly command: string | readonly [string, string] }[]) {
  const stopping = new AbortController();
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const ended = runTogether({
    output,
    stop: stopping.signal,
    graceMilliseconds: 1000,
    processes: processes.map((each) => ({ ...each, folder, environment: { PATH: env['PATH'] } })),
  });
  return { ended, stop: () => stopping.abort(), text: () => text };
}

describe('processes that run together', () => {
  it('end with the first that ends, in order', async () => {
    const other = waits('other');
    const short = write('short', `import { existsSync } from 'node:fs'; setTimeout(() => {}, 1500);`);
    const { ended, text } = run([
      { name: 'other', command: other },
      { name: 'short', command: short },
    ]);
    expect(await ended).toBe('short');
    expect(text()).toContain('other | other is up\n');
    expect(readFileSync(join(folder, 'other.ended'), 'utf8')).toBe('x');
  });

  it('end when they are told to, with what a shell has started for them', async () => {
    const inner = waits('inner');
    const { ended, stop, text } = run([{ name: 'shell', command: `"${inner[0]}" "${inner[1]}" & wait` }]);
    await expect.poll(text, patience).toContain('shell | inner is up');
    stop();
    expect(await ended).toBeUndefined();
    await expect.poll(() => readFileSync(join(folder, 'inner.ended'), 'utf8'), patience).toBe('x');
  });

  it('are killed when they do not end', async () => {
    const deaf = write(
      'deaf',
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('pid', process.pid);`,
    );
    const { ended, stop, text } = run([{ name: 'deaf', command: deaf }]);
    await expect.poll(text, patience).toContain('pid');
    stop();
    await ended;
    const pid = Number(/pid (\d+)/.exec(text())?.[1]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('say so when one cannot be started', async () => {
    const { ended, text } = run([{ name: 'absent', command: [join(folder, 'absent'), ''] }]);
    expect(await ended).toBe('absent');
    expect(text()).toContain('absent | cannot be started');
  });
});

describe('sallyport.dev.json', () => {
  const read = (text: string | undefined) => {
    const place = mkdtempSync(join(tmpdir(), 'sallyport-dev-'));
    if (text !== undefined) writeFileSync(join(place, 'sallyport.dev.json'), text);
    return () => readDevelopmentFile(place);
  };
  const app = { name: 'web', folder: 'web', run: 'npm run dev' };

  it.each([
    { name: 'that is not there', text: undefined, says: /sallyport init/ },
    { name: 'that is no JSON', text: '{', says: /no JSON/ },
    { name: 'without applications', text: '{"applications":[]}', says: /applications/ },
    { name: 'with an unknown key', text: JSON.stringify({ applications: [{ ...app, comand: 'x' }] }), says: /comand/ },
    { name: 'with a bad name', text: JSON.stringify({ applications: [{ ...app, name: 'My App' }] }), says: /name/ },
    { name: 'with a name twice', text: JSON.stringify({ applications: [app, app] }), says: /"web"/ },
    {
      name: 'with the name of the gateway',
      text: JSON.stringify({ applications: [{ ...app, name: 'gateway' }] }),
      says: /"gateway"/,
    },
  ])('is refused $name', ({ text, says }) => {
    expect(read(text)).toThrow(says);
  });

  it('is read', () => {
    expect(read(JSON.stringify({ applications: [app] }))().applications).toEqual([app]);
  });
});
