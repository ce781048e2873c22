import { clearCookiesPath } from './clear-cookies.ts';
import { escapeHtml, toBrandCss, type Brand, type ErrorCode } from '@sallyport/core';

/** What was refused, and how the request can be found in the log. */
export interface ErrorPage {
  readonly status: number;
  readonly code: ErrorCode;
  readonly requestId: string;
}

/** Renders the page of an error for people. Nothing of the request is in it but the id that we made ourselves. */
export type RenderErrorPage = (page: ErrorPage) => string;

/** What is in every page of an error. */
export interface ErrorPageParts {
  readonly brand: Brand;
  readonly signInPath: string;
  readonly publicOrigin: string;
}

interface Words {
  readonly heading: string;
  readonly text: string;
  readonly action: 'home' | 'sign-in' | 'again' | 'public-address' | 'clear-cookies';
}

/** The page loads the images of the brand, runs nothing and sits in no frame. One page sends a form, to us. */
export function errorPageHeaders(code: ErrorCode): Readonly<Record<string, string>> {
  const formAction = wordsByCode[code]?.action === 'clear-cookies' ? "'self'" : "'none'";
  return {
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
    'x-frame-options': 'DENY',
  };
}

const wordsByCode: Partial<Record<ErrorCode, Words>> = {
  SP_STEP_UP_REQUIRED: {
    heading: 'For your security, confirm it’s you',
    text: 'This needs a more recent or a stronger sign-in. Go back, reload the page, and try again.',
    action: 'home',
  },
  SP_HOST_UNKNOWN: {
    heading: 'This address doesn’t work',
    text: 'You came by a name or number that is not served here. The address below is the one that works.',
    action: 'public-address',
  },
  SP_CROSS_SITE_REQUEST: {
    heading: 'We stopped a request from another site',
    text: 'Another website tried to do something here in your name. If it was you, start from our own pages.',
    action: 'home',
  },
  SP_HEADERS_TOO_LARGE: {
    heading: 'Your browser sends too many cookies',
    text: 'Cookies that this site has stored in your browser have become more than it accepts, so no page of it opens. Clear them to go on: you will be signed out, and settings that this site keeps in cookies are lost. If this page comes again, delete the cookies of this site in the settings of your browser.',
    action: 'clear-cookies',
  },
  SP_STORE_UNAVAILABLE: {
    heading: 'We can’t check your sign-in right now',
    text: 'Something on our side does not answer. Nothing was lost and you are still signed in. Please try again in a moment.',
    action: 'again',
  },
};

const wordsByStatus: Readonly<Record<number, Words>> = {
  401: { heading: 'Please sign in', text: 'You need to sign in to see this page.', action: 'sign-in' },
  403: {
    heading: 'You don’t have access to this page',
    text: 'You are signed in, but your account does not have access. An administrator can change that.',
    action: 'home',
  },
  404: {
    heading: 'Page not found',
    text: 'The page may have moved, or there is a typo in the address.',
    action: 'home',
  },
  408: {
    heading: 'The upload took too long',
    text: 'What you sent came in too slowly. Please try again, on a better connection if you can.',
    action: 'again',
  },
  429: {
    heading: 'Too many requests',
    text: 'You, or others on your network, sent more requests than we accept. Please wait a moment and try again.',
    action: 'again',
  },
  502: {
    heading: 'This page isn’t available right now',
    text: 'The service behind this page does not answer. Please try again in a moment.',
    action: 'again',
  },
  503: {
    heading: 'This page isn’t available right now',
    text: 'We have more to do than we can answer. Please try again in a moment.',
    action: 'again',
  },
  504: {
    heading: 'This is taking too long',
    text: 'The service behind this page did not answer in time. Please try again in a moment.',
    action: 'again',
  },
};

const refused: Words = {
  heading: 'We couldn’t accept this request',
  text: 'The address or the request is not one that we can read safely. Please start from the home page.',
  action: 'home',
};

const failed: Words = {
  heading: 'Something went wrong on our side',
  text: 'Please try again in a moment. If it happens again, tell us the request number below.',
  action: 'again',
};

/** Builds what renders the pages of errors in a brand. */
export function createErrorPageRenderer({ brand, signInPath, publicOrigin }: ErrorPageParts): RenderErrorPage {
  const name = escapeHtml(brand.name);
  const { light, dark } = brand.colors;
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="robots" content="noindex">',
    `<meta name="theme-color" media="(prefers-color-scheme: light)" content="${light.background}">`,
    `<meta name="theme-color" media="(prefers-color-scheme: dark)" content="${dark.background}">`,
    `<style>${toBrandCss(brand)}\n${style}</style>`,
  ].join('\n');
  const icon = brand.icon === undefined ? '' : `\n<link rel="icon" href="${brand.icon.path}">`;
  const links = linksOf(brand);

  return ({ status, code, requestId }) => {
    const words = wordsByCode[code] ?? wordsByStatus[status] ?? (status >= 500 ? failed : refused);
    // Under a host that is not served, or with too many cookies, images are refused as well.
    const hasImages = code !== 'SP_HOST_UNKNOWN' && code !== 'SP_HEADERS_TOO_LARGE';
    return `<!doctype html>
<html lang="en">
<head>
${head}${hasImages ? icon : ''}
<title>${words.heading} · ${name}</title>
</head>
<body>
<main>
<header>${hasImages ? toMark(brand) : name}</header>
<p class="status">${status}</p>
<h1>${words.heading}</h1>
<p>${words.text}</p>
<p class="actions">${actionOf(words, signInPath, publicOrigin)}</p>
<dl><dt>Request</dt><dd><code>${requestId}</code></dd><dt>Code</dt><dd><code>${code}</code></dd></dl>
</main>${links}
</body>
</html>
`;
  };
}

/** The logo, or the name where there is none. */
function toMark({ name, logo, logoDark = logo }: Brand): string {
  if (logo === undefined || logoDark === undefined) return escapeHtml(name);
  const source = `<source media="(prefers-color-scheme: dark)" srcset="${logoDark.path}">`;
  return `<picture>${logoDark === logo ? '' : source}<img src="${logo.path}" alt="${escapeHtml(name)}" height="32"></picture>`;
}

function linksOf({ links: { support, terms, privacy } }: Brand): string {
  const links = [
    { label: 'Help', address: support },
    { label: 'Terms', address: terms },
    { label: 'Privacy', address: privacy },
  ].flatMap(({ label, address }) => (address === undefined ? [] : [`<a href="${escapeHtml(address)}">${label}</a>`]));
  return links.length === 0 ? '' : `\n<footer>${links.join(' ')}</footer>`;
}

function actionOf({ action }: Words, signInPath: string, publicOrigin: string): string {
  if (action === 'public-address') return `<a class="button" href="${publicOrigin}/">Go to ${publicOrigin}</a>`;
  if (action === 'sign-in') return `<a class="button" href="${signInPath}">Sign in</a>`;
  // With those cookies every image and link would be refused too.
  if (action === 'clear-cookies')
    return `<form method="post" action="${clearCookiesPath}"><button class="button">Clear cookies</button></form>`;
  if (action === 'again') return '<a class="button" href="">Try again</a> <a href="/">Home</a>';
  return '<a class="button" href="/">Go to the home page</a>';
}

const style = `
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-content:center;justify-items:center;gap:1.5rem;padding:1.5rem;background:var(--brand-background);color:var(--brand-text);font:1rem/1.6 var(--brand-font)}
main{width:min(34rem,calc(100vw - 3rem));padding:clamp(1.5rem,6vw,2.5rem);background:var(--brand-surface);border:1px solid var(--brand-border);border-radius:var(--brand-card-radius)}
header{margin:0 0 2rem;font-weight:600;font-size:1.1rem;overflow-wrap:anywhere}
header img{display:block;height:2rem;width:auto;max-width:100%;object-fit:contain;object-position:left}
.status{margin:0;color:var(--brand-muted-text);font-variant-numeric:tabular-nums;letter-spacing:.08em}
h1{margin:.25rem 0 .75rem;font-size:1.6rem;line-height:1.25;text-wrap:balance}
p{margin:0 0 1.25rem}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1rem}
a{color:var(--brand-accent)}
.button{display:inline-block;padding:.6rem 1.1rem;border:1px solid transparent;border-radius:var(--brand-radius);background:var(--brand-accent);color:var(--brand-on-accent);text-decoration:none;font-weight:600}
button{font:inherit;cursor:pointer}
.button:hover{background:var(--brand-accent-hover)}
a:focus-visible{outline:2px solid var(--brand-accent);outline-offset:3px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:2rem 0 0;padding-top:1.25rem;border-top:1px solid var(--brand-border);color:var(--brand-muted-text);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
footer{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;font-size:.9rem}
footer a{color:var(--brand-muted-text)}
`.trim();
