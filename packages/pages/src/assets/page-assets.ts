import { readFileSync } from 'node:fs';
import { createAsset, type Asset } from './assets.ts';
import { readPageScript } from './page-script.ts';

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
    script: createAsset('pages', 'js', 'text/javascript; charset=utf-8', readPageScript()),
  };
  const { stylesheet, script } = shared;
  const brand = createAsset('brand', 'css', css, brandCss);
  return { all: [brand, stylesheet, script], stylesheets: [brand.path, stylesheet.path], script: script.path };
}

function readText(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
