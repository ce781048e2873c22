import { readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readPageScript } from './page-script.ts';

const folder = new URL('../browser/', import.meta.url);

describe('the script of pages', () => {
  const script = readPageScript();

  it('imports and exports nothing, and is JavaScript', () => {
    expect(script).not.toMatch(/^\s*(?:import|export)\b/m);
    // What has no types is what it was.
    expect(stripTypeScriptTypes(script, { mode: 'strip' })).toBe(script);
  });

  it('holds every file of its folder once, and what runs on load at its end', () => {
    const declared = [...script.matchAll(/^(?:async )?(?:function|const) (\w+)/gm)].map(([, name]) => name);
    expect(declared).toHaveLength(new Set(declared).size);
    for (const [file, name] of Object.entries(oneFunctionOfEach))
      expect([file, declared]).toEqual([file, expect.arrayContaining([name])]);
    expect(readdirSync(folder).toSorted()).toEqual(Object.keys(oneFunctionOfEach).toSorted());
    expect(script.trimEnd()).toMatch(/^prepare\(document\);\n(?:.*\n){2}\}\);$/m);
  });
});

const oneFunctionOfEach = {
  'carried-email.ts': 'carry',
  'enhance.ts': 'prepare',
  'form-errors.ts': 'showError',
  'keep-codes.ts': 'prepareKeep',
  'other-tabs.ts': 'announce',
  'password-field.ts': 'prepareReveal',
  'send-form.ts': 'prepareForm',
  'theme.ts': 'prepareTheme',
  'waiting.ts': 'countDown',
};
