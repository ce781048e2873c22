import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The lines of an application that a compiler must refuse end with this. */
const typo = '// a typo';
const root = fileURLToPath(new URL('../../', import.meta.url));

const policyFile = `
import { definePolicy } from '@sallyport/core';

export const policy = definePolicy({
  permissions: { 'order:read': 'Read orders', 'order:refund': 'Refund orders' },
  roles: { user: ['order:read'], clerk: ['order:read', 'order:refund'] },
});
declare module '@sallyport/nestjs' {
  interface KnownPermissions {
    readonly names: keyof typeof policy.permissions;
  }
}
`;
const policyWithTypos = `
import { definePolicy } from '@sallyport/core';

export const misspelt = definePolicy({
  permissions: { 'order:read': 'Read orders' },
  roles: { user: ['order:raed'] }, ${typo}
});
export const unknownSource = definePolicy({
  permissions: { 'order:read': 'Read orders' },
  roles: {},
  source: 'databse', ${typo}
});
`;
const service = (permission: string, other: string, mark = '') => `
import { Permissions } from '@sallyport/nestjs';
import './policy.ts';

export class Orders {
  @Permissions('${permission}') ${mark}
  list(): void {}
  @Permissions('order:read', '${other}') ${mark}
  refund(): void {}
  @Permissions({ any: ['order:read', '${other}'] }) ${mark}
  either(): void {}
}
`;

const gateway = (role: string, permission: string, interest: string, mark = '') => `
import { defineConfig, zone } from '@sallyport/server';
import { policy } from './policy.ts';

const upstream = 'http://orders:3000';
export default defineConfig({
  publicUrl: 'https://app.example.com',
  policy,
  secondFactor: { requiredFor: ['${role}'] }, ${mark}
  routes: [
    { name: 'all', prefix: '/all', upstream, audience: 'all', access: 'signed-in', permissions: ['order:*', '*'] },
    {
      name: 'orders',
      prefix: '/orders',
      upstream,
      audience: 'orders',
      access: {
        roles: ['${role}'], ${mark}
        permissions: ['${permission}'], ${mark}
      },
      permissions: ['${interest}'], ${mark}
    },
    ...zone('shell', { mount: '/', upstream, access: 'optional' }),
  ],
});
`;
const zones = (role: string, interest: string, mark = '') => `
import { defineConfig, zone } from '@sallyport/server';
import { policy } from './policy.ts';

const upstream = 'http://orders:3000';
export const byRole = defineConfig({
  publicUrl: 'https://app.example.com',
  policy,
  routes: [...zone('refunds', { upstream, access: { roles: ['${role}'] } })], ${mark}
});
export const byInterest = defineConfig({
  publicUrl: 'https://app.example.com',
  policy,
  routes: [...zone('refunds', { upstream, access: 'signed-in', permissions: ['${interest}'] })], ${mark}
});
`;

const zonesWithTypos = zones('clrek', 'ordr:*', typo);
const gatewayWithTypos = gateway('clrek', 'order:refnud', 'ordr:*', typo);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-types-'));
  const sourceOf = (name: string): readonly string[] => [join(root, `packages/${name}/src/index.ts`)];
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      experimentalDecorators: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        '@sallyport/core': sourceOf('core'),
        '@sallyport/nestjs': sourceOf('nestjs'),
        // As it was built: to check all of its sources takes a minute.
        '@sallyport/server': [join(root, 'packages/server/dist/config/define-config.d.ts')],
      },
    },
    files: [
      'policy.ts',
      'policy-with-typos.ts',
      'service.ts',
      'service-with-typos.ts',
      'gateway.ts',
      'gateway-with-typos.ts',
      'zones.ts',
      'zones-with-typos.ts',
    ],
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'policy.ts'), policyFile);
  writeFileSync(join(folder, 'policy-with-typos.ts'), policyWithTypos);
  writeFileSync(join(folder, 'service.ts'), service('order:read', 'order:refund'));
  writeFileSync(join(folder, 'service-with-typos.ts'), service('order:raed', 'order:refnud', typo));
  writeFileSync(join(folder, 'gateway.ts'), gateway('clerk', 'order:refund', 'order:refund'));
  writeFileSync(join(folder, 'gateway-with-typos.ts'), gatewayWithTypos);
  writeFileSync(join(folder, 'zones.ts'), zones('clerk', 'order:*'));
  writeFileSync(join(folder, 'zones-with-typos.ts'), zonesWithTypos);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an application that derives its names from its policy', () => {
  it('does not compile with a typo in a role, an option, a decorator or a route, and compiles without', () => {
    const compiler = join(root, 'node_modules/.bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    const refused = [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): error/gm)].map(
      ([, file = '', line]) => `${file.split('/').at(-1)} ${line}`,
    );
    expect(status).not.toBe(0);
    expect([...new Set(refused)].toSorted()).toEqual(
      [
        ...typosOf('policy-with-typos.ts', policyWithTypos),
        ...typosOf('service-with-typos.ts', service('order:raed', 'order:refnud', typo)),
        ...typosOf('gateway-with-typos.ts', gatewayWithTypos),
        ...typosOf('zones-with-typos.ts', zonesWithTypos),
      ].toSorted(),
    );
    expect(stdout).toMatch(/"order:refnud"' is not assignable to type '"order:read" \| "order:refund"'/);
  }, 60_000);
});

function typosOf(file: string, text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => (line.includes(typo) ? [`${file} ${index + 1}`] : []));
}
