import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prefixOfService } from './service-prefix.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-prefix-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prefixOf = (given?: string) => prefixOfService(join(folder, 'app.module.js'), given);
const writeMain = (text: string, name = 'main.js'): void => writeFileSync(join(folder, name), text);

describe('the prefix of a Nest service', () => {
  it.each(['main.js', 'main.mjs', 'main.cjs', 'main.ts'])('is read from %s, which is not run', (name) => {
    writeMain("app.setGlobalPrefix('/api/shop/'); throw new Error('run');", name);
    expect(prefixOf()).toEqual({ globalPrefix: 'api/shop', note: `"/api/shop" is the prefix that ${name} sets` });
  });

  it('is the one that is given, whatever stands in main.js', () => {
    writeMain("app.setGlobalPrefix('api');");
    expect(prefixOf('//v1/')).toEqual({ globalPrefix: 'v1', note: undefined });
  });

  it.each(['app.setGlobalPrefix(process.env.PREFIX);', 'app.setGlobalPrefix(', '<not javascript>'])(
    'is asked for where it cannot be read: %s',
    (text) => {
      writeMain(text);
      expect(prefixOf()).toEqual({
        globalPrefix: '',
        note: expect.stringContaining('give it with --prefix') as string,
      });
    },
  );

  it('is asked for without an entry file, and none where the entry file sets none', () => {
    expect(prefixOf().note).toContain('--prefix');
    writeMain('await app.listen(3000);');
    expect(prefixOf()).toEqual({ globalPrefix: '', note: undefined });
  });
});
