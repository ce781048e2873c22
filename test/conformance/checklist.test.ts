import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const requirement = /\b(?:RFC\d{4}|ASVS|OIDC-[A-Z]+)-\d[\d.]*-\d+\b/g;

function idsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(requirement));
}

/** The ids in titles of tests: everything else that a test file says is no proof. */
function testedIds(): ReadonlySet<string> {
  const files = globSync('test/conformance/*.test.ts', { cwd: workspaceRoot });
  const titles = files.flatMap((file) => [
    ...readFileSync(path.join(workspaceRoot, file), 'utf8').matchAll(/'((?:RFC|ASVS|OIDC)[^'\n]+)'/g),
  ]);
  return new Set(titles.flatMap(([, title = '']) => [...idsIn(title)]));
}

describe('docs/security/oauth-checklist.md', () => {
  const page = readFileSync(path.join(workspaceRoot, 'docs/security/oauth-checklist.md'), 'utf8');
  const [listed = '', notTested = ''] = page.split('## Not tested here');

  it('names each requirement that has a test, and no other', () => {
    expect([...idsIn(listed)].toSorted()).toEqual([...testedIds()].toSorted());
  });

  it('says of no requirement that it has a test and has none', () => {
    expect([...idsIn(notTested)].filter((id) => testedIds().has(id))).toEqual([]);
    expect(idsIn(notTested).size).toBeGreaterThan(5);
  });
});
