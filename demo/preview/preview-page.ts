import { escapeHtml } from '@sallyport/core';
import type { PreviewBrandName } from './preview-brands.ts';

/** One thing to look at. */
export interface PreviewItem {
  readonly title: string;
  /** Below `/preview/`; absent where there is text alone. */
  readonly path: string | undefined;
  readonly text?: string;
  /** Of its frame, in CSS pixels. */
  readonly height: number;
}

export interface PreviewPageParts {
  readonly brandName: PreviewBrandName;
  readonly theme: 'light' | 'dark';
  readonly isPhone: boolean;
  readonly groups: readonly { readonly title: string; readonly items: readonly PreviewItem[] }[];
}

const brandLabels: Readonly<Record<PreviewBrandName, string>> = {
  demo: 'Sallyport (the demo)',
  default: 'No settings',
  acme: 'Acme (an example)',
};

/** Writes the page that holds everything in frames, which load when they are scrolled to. */
export function previewPage(parts: PreviewPageParts): string {
  const { brandName, theme, isPhone, groups } = parts;
  const width = isPhone ? 'phone' : 'desktop';
  const to = (change: Readonly<Record<string, string>>): string =>
    `/preview?${new URLSearchParams({ brand: brandName, theme, width, ...change }).toString().replaceAll('&', '&amp;')}`;
  const choice = (label: string, name: string, options: readonly (readonly [string, string])[], now: string): string =>
    `<p><span>${label}</span> ${options
      .map(([value, text]) =>
        value === now
          ? `<a href="${to({ [name]: value })}" aria-current="true">${text}</a>`
          : `<a href="${to({ [name]: value })}">${text}</a>`,
      )
      .join(' ')}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview: mails and pages</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Mails and pages</h1>
<nav aria-label="What is shown">
${choice('Brand', 'brand', Object.entries(brandLabels), brandName)}
${choice(
  'Theme',
  'theme',
  [
    ['light', 'Light'],
    ['dark', 'Dark'],
  ],
  theme,
)}
${choice(
  'Width',
  'width',
  [
    ['desktop', 'Desktop'],
    ['phone', 'Phone'],
  ],
  width,
)}
</nav>
</header>
<main class="${width}">
${groups.map((group) => section(group, `brand=${brandName}&amp;theme=${theme}`)).join('\n')}
</main>
</body>
</html>`;
}

function section({ title, items }: PreviewPageParts['groups'][number], query: string): string {
  return `<section aria-label="${title}"><h2>${title}</h2><div class="items">${items.map((item) => article(item, query)).join('\n')}</div></section>`;
}

/** Same-origin, so that style sheets load; without scripts, forms and windows. */
function article({ title, path, text, height }: PreviewItem, query: string): string {
  const name = escapeHtml(title);
  const address = path === undefined ? undefined : `/preview/${escapeHtml(path)}?${query}`;
  const heading = address === undefined ? name : `<a href="${address}">${name}</a>`;
  const frame =
    address === undefined
      ? ''
      : `<iframe title="${name}" src="${address}" height="${height}" loading="lazy" sandbox="allow-same-origin"></iframe>`;
  const plain =
    text === undefined
      ? ''
      : `<details${address === undefined ? ' open' : ''}><summary>As text</summary><pre>${escapeHtml(text)}</pre></details>`;
  return `<article><h3>${heading}</h3>${frame}${plain}</article>`;
}

const style = `
:root { color-scheme: light dark; --page: light-dark(#e9eaee, #0b0c0f); --text: light-dark(#171a21, #eceef2); --quiet: light-dark(#575e6b, #a4abb8); --line: light-dark(#c9ccd4, #363b46); --card: light-dark(#fff, #171a20); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header { position: sticky; top: 0; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 32px; padding: 12px 24px; background: var(--card); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 17px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 24px; }
nav p { margin: 0; }
nav span { color: var(--quiet); }
a { color: inherit; }
nav a { display: inline-block; padding: 4px 10px; border-radius: 6px; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { background: var(--text); color: var(--card); }
main { padding: 8px 24px 64px; }
h2 { margin: 24px 0 12px; font-size: 20px; }
.items { display: grid; gap: 24px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 560px), 1fr)); align-items: start; }
.phone .items { grid-template-columns: repeat(auto-fill, 375px); }
h3 { margin: 0 0 6px; font-size: 14px; font-weight: 500; }
iframe { display: block; width: 100%; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
details { margin-top: 6px; color: var(--quiet); }
pre { margin: 6px 0 0; padding: 12px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--text); }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`;
