import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as edge from './edge-runtime.ts';
import * as zone from './index.ts';

/** The modules that a module loads, itself among them. */
function modulesOf(file: URL, found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (found.has(file.href)) return found;
  const text = readFileSync(file, 'utf8');
  found.set(file.href, text);
  for (const [, relative = ''] of text.matchAll(/from '(\.[^']+)'/g)) modulesOf(new URL(relative, file), found);
  return found;
}

describe('the zone entry point of the edge runtime', () => {
  it('loads no module of Node.js', () => {
    const modules = modulesOf(new URL('./edge-runtime.ts', import.meta.url));

    expect(modules.size).toBeGreaterThan(2);
    expect([...modules].filter(([, text]) => /from 'node:|require\(/.test(text)).map(([file]) => file)).toEqual([]);
  });

  it('has what the other one has, less what reads files', () => {
    const { withZone, ...rest } = zone;

    expect(withZone).toBeTypeOf('function');
    expect({ ...edge }).toEqual(rest);
  });
});
