import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createAsset, type Asset } from './assets.ts';

/** What every page loads. */
export interface PageAssets {
  readonly all: readonly Asset[];
  readonly stylesheets: readonly string[];
  readonly script: string;
}

const css = 'text/css; charset=utf-8';

/** Files that are the same for every brand: read and compressed once, when the first pages are built. */
let shared: { readonly stylesheet: Asset; readonly script: Asset } | undefined;

/** Loads stylesheet and script, and writes the stylesheet of the brand. */
export function createPageAssets(brandCss: string): PageAssets {
  shared ??= {
    stylesheet: createAsset('pages', 'css', css, readText('../../assets/pages.css')),
    script: createAsset('pages', 'js', 'text/javascript; charset=utf-8', readScript()),
  };
  const { stylesheet, script } = shared;
  const brand = createAsset('brand', 'css', css, brandCss);
  return { all: [brand, stylesheet, script], stylesheets: [brand.path, stylesheet.path], script: script.path };
}

/** The script as it was built; where this module runs from its source, without its types. */
function readScript(): string {
  const isBuilt = import.meta.url.endsWith('.js');
  const text = isBuilt
    ? readText('../browser/enhance.js')
    : stripTypeScriptTypes(readText('../browser/enhance.ts'), { mode: 'strip' });
  // Comments are for readers of the source, and the map is in no package.
  return text.replace(/^\s*(?:\/\*\*[^]*?\*\/|\/\/.*)\n/gm, '');
}

function readText(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
