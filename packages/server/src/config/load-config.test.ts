import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Preset } from '../preset.ts';
import { createTestPreset } from '../test-support/test-preset.ts';
import type { ConfigInput } from './config-schema.ts';
import { readEnvironment } from './environment.ts';
import { loadConfig, type LoadedConfig } from './load-config.ts';

const configFile = `export default {
  publicUrl: 'https://app.example.com',
  policy: { permissions: {}, roles: {} },
  routes: [{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:4000', audience: 'web', access: 'optional' }],
};
`;
const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-config-'));

describe('without a configuration file', () => {
  it('a gateway is refused, and the refusal says what to write and where', async () => {
    await expect(loadConfig(readEnvironment({}), emptyFolder())).rejects.toThrow(
      /sallyport\.config\.ts +does not exist: write one[\s\S]*SALLYPORT_CONFIG/,
    );
  });
});

describe('a configuration file without a name of its own', () => {
  it.each(['sallyport.config.ts', 'sallyport.config.mts', 'sallyport.config.mjs'])('is found as %s', async (name) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, name), configFile);
    expect((await loadConfig(readEnvironment({}), folder)).config.publicUrl).toBe('https://app.example.com');
  });

  it('is refused where there are two, with both names', async () => {
    const folder = emptyFolder();
    for (const name of ['sallyport.config.ts', 'sallyport.config.mjs']) writeFileSync(join(folder, name), configFile);
    await expect(loadConfig(readEnvironment({}), folder)).rejects.toThrow(
      /sallyport\.config\.ts +is not the only one, there is sallyport\.config\.mjs too/,
    );
  });
});

describe('with a file that exports a preset', () => {
  it.each<{ name: string; variables?: Record<string, string>; change?: Partial<ConfigInput>; key: RegExp }>([
    { name: 'in production', variables: { NODE_ENV: 'production' }, key: /NODE_ENV/ },
    { name: 'with workers', variables: { SALLYPORT_WORKERS: '2' }, key: /SALLYPORT_WORKERS/ },
    {
      name: 'at a public address',
      variables: { SALLYPORT_PUBLIC_URL: 'https://app.example.com' },
      key: /SALLYPORT_PUBLIC_URL/,
    },
    { name: 'listening on every address', change: { listen: { host: '0.0.0.0' } }, key: /listen\.host/ },
    { name: 'with an internal listener for others', change: { internal: { host: '10.0.0.1' } }, key: /internal\.host/ },
    { name: 'with an admin listener for others', change: { admin: { host: '10.0.0.1', port: 0 } }, key: /admin\.host/ },
  ])('a preset is refused $name', async ({ variables = {}, change = {}, key }) => {
    await expect(loadPreset(presetWith(change), variables)).rejects.toThrow(key);
  });

  it('a preset runs on loopback, as one process', async () => {
    const preset = presetWith({ workers: 2 });
    const loaded = await loadPreset(preset, { PORT: '3100' });
    expect(loaded.preset).toBe(preset);
    expect(loaded.config).toMatchObject({
      publicUrl: 'http://localhost:3100',
      listen: { host: '127.0.0.1', port: 3100 },
      workers: 1,
    });
  });
});

describe('with a configuration file', () => {
  it('a named file that is missing stops the start', async () => {
    await expect(loadConfig(readEnvironment({ SALLYPORT_CONFIG: 'none.ts' }), emptyFolder())).rejects.toThrow(
      /SALLYPORT_CONFIG/,
    );
  });

  it('a file without a default export stops the start', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'sallyport.config.ts'), 'export const config = {};\n');
    await expect(loadConfig(readEnvironment({}), folder)).rejects.toThrow(/default export/);
  });

  it('addresses come from the environment, and are checked like those of the file', async () => {
    const folder = emptyFolder();
    const route =
      "{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:4000', audience: 'web', access: 'optional' }";
    writeFileSync(
      join(folder, 'sallyport.config.ts'),
      `export default { publicUrl: 'https://app.example.com', listen: { port: 1 }, policy: { permissions: {}, roles: {} }, routes: [${route}] };\n`,
    );
    const variables = {
      SALLYPORT_PUBLIC_URL: 'https://other.example.com',
      SALLYPORT_LISTEN_HOST: '0.0.0.0',
      SALLYPORT_INTERNAL_HOST: '0.0.0.0',
      SALLYPORT_INTERNAL_PORT: '9400',
    };
    await expect(loadConfig(readEnvironment(variables), folder)).rejects.toThrow(/listen\.host/);
    const proxies = { SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1' };
    expect((await loadConfig(readEnvironment({ ...variables, ...proxies }), folder)).config).toMatchObject({
      publicUrl: 'https://other.example.com',
      listen: { host: '0.0.0.0', port: 1 },
      internal: { host: '0.0.0.0', port: 9400 },
      trustedProxies: ['10.0.0.0/8', '192.0.2.1'],
    });
    const tls = { SALLYPORT_TLS_CERT_FILE: '/c', SALLYPORT_TLS_KEY_FILE: '/k' };
    expect((await loadConfig(readEnvironment({ ...variables, ...tls }), folder)).config.tls).toEqual({
      certFile: '/c',
      keyFile: '/k',
    });
  });

  it('a configuration is no preset', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'sallyport.config.ts'), configFile);
    const environment = readEnvironment({ NODE_ENV: 'production' });
    const { config, preset } = await loadConfig(environment, folder);
    expect(preset).toBeUndefined();
    expect(config.publicUrl).toBe('https://app.example.com');
  });
});

function presetWith(change: Partial<ConfigInput>): Preset {
  const preset = createTestPreset();
  return { ...preset, configure: (environment) => ({ ...preset.configure(environment), ...change }) };
}

function loadPreset(preset: Preset, variables: Readonly<Record<string, string>>): Promise<LoadedConfig> {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'sallyport.config.ts'), '');
  return loadConfig(readEnvironment(variables), folder, () => Promise.resolve(preset));
}
