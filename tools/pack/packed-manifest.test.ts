import { expect, it } from 'vitest';
import { toPackedManifest } from './packed-manifest.ts';

const repository = { page: 'https://git.test/shop', url: 'git+https://git.test/shop.git' };
const manifest = {
  name: '@shop/core',
  version: '1.0.0',
  exports: {
    '.': {
      '@sallyport/source': './src/index.ts',
      import: { '@sallyport/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    },
    './test-support': { '@sallyport/source': './src/test-support/index.ts', default: './dist/test-support/index.js' },
    './styles.css': './dist/styles.css',
  },
  files: ['dist'],
  dependencies: { zod: '4.0.0' },
  devDependencies: { vitest: '5.0.0' },
};

it('the manifest in a tarball has nothing that only the repository needs, and says where that is', () => {
  expect(toPackedManifest(manifest, 'packages/core', repository)).toEqual({
    name: '@shop/core',
    version: '1.0.0',
    exports: {
      '.': { import: { types: './dist/index.d.ts', default: './dist/index.js' } },
      './styles.css': './dist/styles.css',
      './package.json': './package.json',
    },
    dependencies: { zod: '4.0.0' },
    homepage: 'https://git.test/shop/tree/main/packages/core#readme',
    bugs: 'https://git.test/shop/issues',
    repository: { type: 'git', url: 'git+https://git.test/shop.git', directory: 'packages/core' },
  });
});

it('a package without entry points stays without', () => {
  expect(toPackedManifest({ name: 'a', version: '1.0.0' }, 'packages/a', repository)).not.toHaveProperty('exports');
});
