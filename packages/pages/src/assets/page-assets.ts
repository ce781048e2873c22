import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createAsset, type Asset } from './assets.ts';

/** What every page loads. */
export interface PageAssets {
  readonly all: readonly Asset[];
  readonly stylesheets: readonly string[];
  readonly script: string;
}

/** Loads stylesheet and script, and writes the stylesheet of the brand. */
export function createPageAssets(brandCss: string): PageAssets {
  const brand = createAsset('brand', 'css', 'text/css; charset=utf-8', brandCss);
  const stylesheet = createAsset('pages', 'css', 'text/css; charset=utf-8', readText('../../assets/pages.css'));
  const script = createAsset('pages', 'js', 'text/javascript; charset=utf-8', readScript());
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
