import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { sourcesOf, startGatewayProcess, type GatewayProcess } from './gateway-process.ts';

// Processes are started.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const patience = { timeout: 20_000, interval: 20 };

let folder: string;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
  [port = 0] = await findFreePorts(1);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The text of a configuration, in the syntax that an adopter writes. */
function configuration(prefix: string, type = ''): string {
  return `import { tmpdir } from 'node:os';
const prefix${type} = '${prefix}';
if (tmpdir() === '') throw new Error('there is no such folder');
export default {
  publicUrl: 'http://localhost:${port}',
  listen: { port: ${port} },
  mail: { from: 'Shop <no-reply@shop.test>' },
  policy: { permissions: {}, roles: { user: [] } },
  routes: [{ name: 'shop', prefix, upstream: 'http://127.0.0.1:9', audience: 'shop', access: 'signed-in' }],
};
`;
}

async function start(...args: string[]): Promise<GatewayProcess> {
  return startGatewayProcess({
    command: [...sourcesOf('packages/cli/src/main.ts'), 'start', ...args],
    cwd: folder,
    environment: { SMTP_URL: 'smtp://127.0.0.1:9' },
  });
}

describe('sallyport start', () => {
  it.each([
    { name: 'sallyport.config.ts', type: ': string' },
    { name: 'sallyport.config.mjs', type: '' },
  ])('runs $name of a folder that npm takes for CommonJS, and reads it again', async ({ name, type }) => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
    writeFileSync(join(folder, name), configuration('/first', type));
    const gateway = await start();
    const statusOf = async (path: string) => (await fetch(gateway.origin + path)).status;
    expect((await fetch(`${gateway.internalOrigin}/readyz`)).status).toBe(200);
    expect(await statusOf('/first')).toBe(401);
    writeFileSync(join(folder, name), configuration('/second', type));
    gateway.signal('SIGHUP');
    await vi.waitFor(async () => expect(await statusOf('/second')).toBe(401), patience);
    await gateway.stop();
    expect(await gateway.ended).toBe(0);
  });

  it('runs the file that --config names, before the one of the folder', async () => {
    writeFileSync(join(folder, 'sallyport.config.mjs'), 'export default { routes: "not read" };');
    writeFileSync(join(folder, 'other.mts'), configuration('/other', ': string'));
    const gateway = await start('--config', 'other.mts');
    expect((await fetch(`${gateway.origin}/other`)).status).toBe(401);
    await gateway.stop();
  });

  it.each([
    { name: 'without a configuration', text: undefined, says: /sallyport\.config\.ts +does not exist/ },
    { name: 'with one that throws', text: 'throw new Error("no");', says: /cannot be loaded[\s\S]*Error: no/ },
    {
      name: 'with one that breaks off',
      file: 'sallyport.config.mjs',
      text: 'export default {\n  routes: [\n',
      says: /cannot be loaded: \S+sallyport\.config\.mjs:3\n[\s\S]*SyntaxError: /,
    },
    {
      name: 'with one that cannot be parsed',
      file: 'sallyport.config.mjs',
      text: 'export default {\n  a: 1,,\n};\n',
      says: /sallyport\.config\.mjs:2\n {2}a: 1,,\n +\^\nSyntaxError: Unexpected token ','/,
    },
    {
      name: 'with one that imports what cannot be parsed',
      file: 'sallyport.config.mjs',
      text: 'export { default } from "data:text/javascript,export default {";',
      says: /cannot be loaded: [\s\S]*SyntaxError: /,
    },
    {
      name: 'with a script that Node takes for CommonJS',
      file: 'sallyport.config.js',
      text: 'export default {};',
      says: /"type": "commonjs"[\s\S]*\.mts/,
    },
  ])('refuses to start $name', async ({ file = 'sallyport.config.ts', text, says }) => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
    if (text !== undefined) writeFileSync(join(folder, file), text);
    await expect(start()).rejects.toThrow(says);
  });
});
