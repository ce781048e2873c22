import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findChromium } from './find-chromium.ts';

it('the search for Chromium refuses a CHROME_PATH that cannot be run, instead of using another browser', () => {
  expect(() => findChromium({ CHROME_PATH: '/nowhere/chrome' })).toThrow('CHROME_PATH');
});

it.skipIf(process.platform === 'win32')('the search for Chromium finds a browser on the search path', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chromium-'));
  const file = path.join(folder, 'chromium');
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  expect(findChromium({ PATH: folder })).toBe(file);
  rmSync(folder, { recursive: true });
});
