import { expect, it } from 'vitest';
import { listFiles, readText } from './source-tree.ts';

const packages = listFiles('packages', /^package\.json$/).map((file) => file.replace(/\/package\.json$/, ''));

it.each(packages)('%s tells its users in CHANGELOG.md what is unreleased', (folder) => {
  expect(readText(`${folder}/CHANGELOG.md`)).toMatch(/^## Unreleased\n\n- /m);
});
