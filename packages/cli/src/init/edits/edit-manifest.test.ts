import { describe, expect, it } from 'vitest';
import { editGitignore } from './edit-gitignore.ts';
import { editManifest, type ManifestAddition } from './edit-manifest.ts';

function edit(text: string, addition: ManifestAddition): string {
  return editManifest({ text, manifest: JSON.parse(text) as Readonly<Record<string, unknown>> }, addition);
}

describe('a package.json', () => {
  it('keeps its order, its indentation and its end', () => {
    const text = `{\n\t"name": "x",\n\t"dependencies": {\n\t\t"next": "1"\n\t},\n\t"private": true\n}`;
    expect(edit(text, { dependencies: { '@sallyport/nextjs': 'file:./a.tgz' }, scripts: { 'dev:all': 'x' } })).toBe(
      `{\n\t"name": "x",\n\t"dependencies": {\n\t\t"@sallyport/nextjs": "file:./a.tgz",\n\t\t"next": "1"\n\t},\n\t"private": true,\n\t"scripts": {\n\t\t"dev:all": "x"\n\t}\n}`,
    );
  });

  it('keeps what stands there under the same name', () => {
    const text = `{\n  "scripts": { "dev:all": "turbo dev" },\n  "devDependencies": { "sallyport": "1" }\n}\n`;
    expect(edit(text, { dependencies: { sallyport: '2' }, scripts: { 'dev:all': 'sallyport dev' } })).toBe(text);
  });

  it.each([
    { name: 'a decision of its own', decided: { bcrypt: true } },
    { name: 'one for a version, as npm writes it', decided: { 'bcrypt@6.0.0': true } },
    { name: 'one for a version of a scoped package', decided: { '@x/y@1.0.0 || 2.0.0': true, bcrypt: false } },
  ])('keeps what it says of scripts: $name', ({ decided }) => {
    const text = `${JSON.stringify({ allowScripts: decided }, null, 2)}\n`;
    const entries = { bcrypt: false };
    expect(edit(text, { scriptPolicy: { key: 'allowScripts', entries } })).toBe(text);
  });

  it('gets decisions about scripts that it lacks, sorted by name', () => {
    const text = `{\n  "allowScripts": {\n    "sharp@1.0.0": true\n  }\n}\n`;
    expect(edit(text, { scriptPolicy: { key: 'allowScripts', entries: { bcrypt: false } } })).toBe(
      `{\n  "allowScripts": {\n    "bcrypt": false,\n    "sharp@1.0.0": true\n  }\n}\n`,
    );
  });
});

describe('a .gitignore', () => {
  it.each([
    { name: 'is written where there is none', text: undefined, result: '# Sallyport\n/.sallyport/\n' },
    { name: 'gets what it lacks', text: 'dist\n', result: 'dist\n\n# Sallyport\n/.sallyport/\n' },
    { name: 'keeps its line ends', text: 'dist\r\n', result: 'dist\r\n\r\n# Sallyport\r\n/.sallyport/\r\n' },
    { name: 'is left alone when it has the folder in other words', text: '.sallyport\n', result: '.sallyport\n' },
  ])('$name', ({ text, result }) => {
    expect(editGitignore(text, ['/.sallyport/'])).toBe(result);
  });
});
