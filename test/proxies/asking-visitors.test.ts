import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mountPlaces } from '@sallyport/server';
import { parse } from 'yaml';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { askingCaddy, askingNginx, startAskingVisitors } from './asking-proxy.ts';
import { rowsOfPlaces } from './asking-rows.ts';
import { rowsOfVisitors } from './front-rows.ts';
import { caddy, nginx } from './start-proxy.ts';

describe.each([
  { name: 'nginx', program: nginx, kind: askingNginx },
  { name: 'Caddy', program: caddy, kind: askingCaddy },
])('people at $name that asks (skipped without it)', ({ program, kind }) => {
  describe.skipIf(program === undefined)(`as deploy/${kind.file} says`, () => {
    let between: Awaited<ReturnType<typeof startAskingVisitors>>;
    beforeAll(async () => {
      between = await startAskingVisitors(kind);
    });
    afterAll(() => between.close());
    beforeEach(() => between.behind.upstream.reset());

    rowsOfVisitors(() => between);
    rowsOfPlaces(() => between);
  });
});

describe('deploy/traefik/forward-auth.yaml, which no test runs', () => {
  it('sends all that the gateway answers itself to it', () => {
    const file = path.join(workspaceRoot, 'deploy/traefik/forward-auth.yaml');
    const { http } = parse(readFileSync(file, 'utf8')) as { http: { routers: { sallyport: { rule: string } } } };
    const { rule } = http.routers.sallyport;
    for (const { prefix } of mountPlaces.filter(({ prefix }) => !prefix.startsWith('/auth/')))
      expect(rule).toContain(prefix);
  });
});
