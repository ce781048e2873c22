import { html } from 'hono/html';
import { brandManifestPath, type Brand } from '@sallyport/core';
import { attributes, nothing, type Html } from './html.ts';
import { icon } from './icons.ts';

/** What a page shows between header and footer. */
export interface PageContent {
  /** In the title of the tab; the heading where that is not given. */
  readonly title: string;
  readonly heading?: string;
  readonly lead?: string | Html;
  readonly content: Html;
  /** Where the browser goes by itself: a page of its own in between, because browsers apply the rules for forms of the page before to where a redirect leads. */
  readonly continueTo?: string;
  /** Below a line: other ways on. */
  readonly aside?: Html;
}

/** What every page has. */
export interface DocumentParts {
  readonly brand: Brand;
  /** Paths of the stylesheets and of the script. */
  readonly stylesheets: readonly string[];
  readonly script: string;
}

/** What the reader chose; `undefined` follows the system. */
export type Theme = 'light' | 'dark' | undefined;

/** Renders a whole page. Nothing in it is inline that a Content-Security-Policy would have to allow. */
export async function renderDocument(page: PageContent, theme: Theme, parts: DocumentParts): Promise<string> {
  const { brand, stylesheets, script } = parts;
  const { title, heading = title, lead, content, continueTo, aside } = page;
  const text = await html`<!doctype html>
    <html lang="en" ${attributes({ 'data-theme': theme })}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" media="(prefers-color-scheme: light)" content="${brand.colors.light.background}" />
        <meta name="theme-color" media="(prefers-color-scheme: dark)" content="${brand.colors.dark.background}" />
        <meta name="robots" content="noindex" />
        ${continueTo === undefined ? nothing : html`<meta http-equiv="refresh" content="0; url=${continueTo}" />`}
        <title>${title} · ${brand.name}</title>
        ${brand.icon === undefined ? nothing : html`<link rel="icon" href="${brand.icon.path}" />`}
        ${brand.touchIcon === undefined ? nothing : html`<link rel="apple-touch-icon" href="${brand.touchIcon.path}" />`}
        <link rel="manifest" href="${brandManifestPath}" />
        ${stylesheets.map((path) => html`<link rel="stylesheet" href="${path}" />`)}
        <script type="module" src="${script}"></script>
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/" aria-label="${brand.name}, home">${logo(brand)}</a>
          <button class="theme" type="button" hidden aria-label="Change between light and dark">
            ${icon('theme')}
          </button>
        </header>
        <main id="main" tabindex="-1">
          <div class="card">
            <h1>${wholeWords(heading)}</h1>
            ${lead === undefined ? nothing : html`<p class="lead">${lead}</p>`} ${content}
            ${aside === undefined ? nothing : html`<div class="aside">${aside}</div>`}
          </div>
        </main>
        ${footer(brand)}
      </body>
    </html> `;
  return String(text);
}

/** Keeps words with a hyphen on one line: "Two-" above "step" reads as two words. */
function wholeWords(text: string): Html {
  const words = text.split(' ').map((word) => (word.includes('-') ? html`<span class="whole">${word}</span>` : word));
  return html`${words.map((word, index) => (index === 0 ? word : html` ${word}`))}`;
}

function logo({ name, logo: light, logoDark: dark = light }: Brand): Html {
  if (light === undefined || dark === undefined) return html`<span class="brand-name">${name}</span>`;
  if (light === dark) return html`<img class="logo" src="${light.path}" alt="" height="36" />`;
  return html`<img class="logo logo-light" src="${light.path}" alt="" height="36" /><img
      class="logo logo-dark"
      src="${dark.path}"
      alt=""
      height="36"
    />`;
}

function footer({ links: { terms, privacy, support } }: Brand): Html {
  const links = [
    { label: 'Terms', to: terms },
    { label: 'Privacy', to: privacy },
    { label: 'Help', to: support },
  ].flatMap(({ label, to }) => (to === undefined ? [] : [html`<li><a href="${to}">${label}</a></li>`]));
  return links.length === 0
    ? html`<footer></footer>`
    : html`<footer>
        <ul>
          ${links}
        </ul>
      </footer>`;
}
