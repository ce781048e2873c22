import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OptionsError } from '@sallyport/core/browser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rootLayoutsRenderedAhead } from './cache-components.ts';
import { withZone } from './with-zone.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-next-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

const perRequest = 'export const instant = false;\nexport default function Layout() {}\n';

describe('the root layouts of an application with Cache Components', () => {
  it.each([
    { name: 'that says nothing', text: 'export default function Layout() {}' },
    { name: 'that says so in a comment', text: '// export const instant = false\n/* export const instant = false; */' },
    { name: 'that wants to be instant', text: 'export const instant = true;' },
    { name: 'that sets another constant', text: 'export const instantly = false;' },
    { name: 'that keeps it to itself', text: 'const instant = false;' },
  ])('include one $name', ({ text }) => {
    write({ 'app/layout.tsx': text });

    expect(rootLayoutsRenderedAhead(folder)).toEqual([join('app', 'layout.tsx')]);
  });

  it.each([
    { name: 'plainly', text: perRequest },
    { name: 'with a type', text: 'export const instant: InstantConfig = false' },
    { name: 'among others', text: "'use strict';\nexport const metadata = {};\n  export  const  instant=false;" },
  ])('leave out one that says it $name', ({ text }) => {
    write({ 'app/layout.tsx': text });

    expect(rootLayoutsRenderedAhead(folder)).toEqual([]);
  });

  it('are found in src, in any of the languages, and one for each group of routes', () => {
    write({
      'src/app/(shop)/layout.js': 'export default 1',
      'src/app/(shop)/cart/layout.tsx': 'export default 1',
      'src/app/(help)/layout.tsx': perRequest,
      'src/app/(legal)/terms/layout.jsx': 'export default 1',
    });

    expect([...rootLayoutsRenderedAhead(folder)].sort()).toEqual([
      join('src', 'app', '(legal)', 'terms', 'layout.jsx'),
      join('src', 'app', '(shop)', 'layout.js'),
    ]);
  });

  it('are none where there is no App Router', () => {
    write({ 'pages/index.tsx': 'export default 1' });

    expect(rootLayoutsRenderedAhead(folder)).toEqual([]);
  });
});

describe('withZone() with cacheComponents', () => {
  it('refuses an application that is rendered ahead, and says both ways out', () => {
    write({ 'app/layout.tsx': 'export default function Layout() {}' });

    const wrap = () => withZone({ cacheComponents: true, partialPrefetching: true }, { name: 'web', folder });

    expect(wrap).toThrow(OptionsError);
    expect(wrap).toThrow(
      /export const instant = false.*app\/layout\.tsx.*take cacheComponents and partialPrefetching out/s,
    );
  });

  it('takes an application that is rendered per request', () => {
    write({ 'app/layout.tsx': perRequest });

    expect(withZone({ cacheComponents: true }, { name: 'web', folder })).toMatchObject({ cacheComponents: true });
  });

  it('looks at nothing where it is off', () => {
    write({ 'app/layout.tsx': 'export default function Layout() {}' });

    expect(withZone({ cacheComponents: false }, { name: 'web', folder })).toMatchObject({ cacheComponents: false });
    expect(withZone({}, { name: 'web', folder })).not.toHaveProperty('cacheComponents');
  });
});
