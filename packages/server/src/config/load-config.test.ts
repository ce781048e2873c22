import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { loadConfig } from './load-config.ts';

const upstreams = {
  SALLYPORT_UPSTREAM_SHOP: 'http://127.0.0.1:4001',
  SALLYPORT_UPSTREAM_SHELL: 'http://127.0.0.1:4002',
  SALLYPORT_UPSTREAM_ACCOUNT: 'http://127.0.0.1:4003',
};
const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-config-'));

describe('without a configuration file', () => {
  it('the demonstration refuses to run in production', async () => {
    await expect(loadConfig(readEnvironment({ ...upstreams, NODE_ENV: 'production' }), emptyFolder())).rejects.toThrow(
      /NODE_ENV/,
    );
  });

  it('the demonstration refuses any address but loopback', async () => {
    const environment = readEnvironment({ ...upstreams, SALLYPORT_PUBLIC_URL: 'https://app.example.com' });
    await expect(loadConfig(environment, emptyFolder())).rejects.toThrow(/SALLYPORT_PUBLIC_URL/);
  });

  it('the demonstration names every part whose address is missing', async () => {
    await expect(loadConfig(readEnvironment({}), emptyFolder())).rejects.toThrow(
      /UPSTREAM_SHOP[\s\S]*UPSTREAM_SHELL[\s\S]*UPSTREAM_ACCOUNT/,
    );
  });

  it('the demonstration runs on loopback', async () => {
    const { config, isDemo } = await loadConfig(readEnvironment({ ...upstreams, PORT: '3100' }), emptyFolder());
    expect(isDemo).toBe(true);
    expect(config).toMatchObject({ publicUrl: 'http://localhost:3100', listen: { host: '127.0.0.1', port: 3100 } });
  });
});

it('the demonstration is known by the name that services call it by, where a load balancer stands in front of it', async () => {
  const environment = readEnvironment({ ...upstreams, SALLYPORT_INTERNAL_URL: 'http://127.0.0.1:9400' });
  const { config } = await loadConfig(environment, emptyFolder());
  expect(config.internal.hosts).toEqual(['127.0.0.1:9400']);
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

  it('nothing of the demonstration is switched on', async () => {
    const folder = emptyFolder();
    const route =
      "{ name: 'all', prefix: '/', upstream: 'http://127.0.0.1:4000', audience: 'web', access: 'optional' }";
    writeFileSync(
      join(folder, 'sallyport.config.ts'),
      `export default { publicUrl: 'https://app.example.com', policy: { permissions: {}, roles: {} }, routes: [${route}] };\n`,
    );
    const { config, isDemo } = await loadConfig(readEnvironment({ NODE_ENV: 'production' }), folder);
    expect(isDemo).toBe(false);
    expect(config.publicUrl).toBe('https://app.example.com');
  });
});
