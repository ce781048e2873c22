import type { ErrorCode } from '@sallyport/core';

export interface ErrorPage {
  readonly status: number;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly signInPath: string;
  readonly publicOrigin: string;
}

interface Words {
  readonly heading: string;
  readonly text: string;
  readonly action: 'home' | 'sign-in' | 'again' | 'public-address';
}

/** The page loads nothing, runs nothing and sits in no frame. */
export const errorPageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
} as const;

const wordsByCode: Partial<Record<ErrorCode, Words>> = {
  SP_STEP_UP_REQUIRED: {
    heading: 'Please confirm it is you',
    text: 'What you sent asks for a more recent or stronger sign-in. Go back, reload the page, and send it again.',
    action: 'home',
  },
  SP_HOST_UNKNOWN: {
    heading: 'This is reached under another address',
    text: 'You came by a name or number that is not served here. The address below is the one that works.',
    action: 'public-address',
  },
  SP_CROSS_SITE_REQUEST: {
    heading: 'This came from another site',
    text: 'Another website tried to do something here in your name, so we stopped it. If it was you, do it from our own pages.',
    action: 'home',
  },
};

const wordsByStatus: Readonly<Record<number, Words>> = {
  401: { heading: 'Please sign in', text: 'This page is for people who are signed in.', action: 'sign-in' },
  403: {
    heading: 'This page is not open to you',
    text: 'You are signed in, but your account may not open this page. An administrator of accounts can change that.',
    action: 'home',
  },
  404: {
    heading: 'There is nothing here',
    text: 'The page may have moved, or the address has a typo.',
    action: 'home',
  },
  408: {
    heading: 'That took too long to arrive',
    text: 'What you sent came in too slowly. Please try again, on a better connection if you can.',
    action: 'again',
  },
  429: {
    heading: 'That was a lot at once',
    text: 'More requests came from you, or from your network, than we take in. Please wait a moment and try again.',
    action: 'again',
  },
  502: {
    heading: 'This part is not running right now',
    text: 'The service behind this page does not answer. Please try again in a moment.',
    action: 'again',
  },
  503: {
    heading: 'We cannot check your sign-in right now',
    text: 'Something on our side does not answer. Nothing was lost and you are still signed in. Please try again in a moment.',
    action: 'again',
  },
  504: {
    heading: 'This is taking too long',
    text: 'The service behind this page did not answer in time. Please try again in a moment.',
    action: 'again',
  },
};

const refused: Words = {
  heading: 'We could not accept this request',
  text: 'The address or the request is not one that we can read safely. Please start from the home page.',
  action: 'home',
};

const failed: Words = {
  heading: 'Something went wrong on our side',
  text: 'Please try again in a moment. If it happens again, tell us the request number below.',
  action: 'again',
};

/** Renders the page of an error for people. Nothing of the request is in it but the id that we made ourselves. */
export function renderErrorPage({ status, code, requestId, signInPath, publicOrigin }: ErrorPage): string {
  const words = wordsByCode[code] ?? wordsByStatus[status] ?? (status >= 500 ? failed : refused);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${words.heading}</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="status">${status}</p>
<h1>${words.heading}</h1>
<p>${words.text}</p>
<p>${actionOf(words, signInPath, publicOrigin)}</p>
<dl><dt>Request</dt><dd><code>${requestId}</code></dd><dt>Code</dt><dd><code>${code}</code></dd></dl>
</main>
</body>
</html>
`;
}

function actionOf({ action }: Words, signInPath: string, publicOrigin: string): string {
  if (action === 'public-address') return `<a class="button" href="${publicOrigin}/">Go to ${publicOrigin}</a>`;
  if (action === 'sign-in') return `<a class="button" href="${signInPath}">Sign in</a>`;
  if (action === 'again') return '<a class="button" href="">Try again</a> <a href="/">Home</a>';
  return '<a class="button" href="/">Go to the home page</a>';
}

const style = `
:root{--ink:#0c2221;--soft:#4a5f5c;--paper:#f2f8f5;--card:#fff;--line:#d5e0dc;--accent:#0e6257;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#eaf2ef;--soft:#a3b8b3;--paper:#091415;--card:#101d1e;--line:#26393a;--accent:#74d6c1;--on-accent:#06201c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;padding:2.5rem;background:var(--card);border:1px solid var(--line);border-radius:1rem}
.status{margin:0;color:var(--soft);font-variant-numeric:tabular-nums;letter-spacing:.08em}
h1{margin:.25rem 0 .75rem;font-size:1.6rem;line-height:1.25;text-wrap:balance}
p{margin:0 0 1.25rem}
a{color:var(--accent);margin-right:1rem}
.button{display:inline-block;padding:.6rem 1.1rem;border-radius:.6rem;background:var(--accent);color:var(--on-accent);text-decoration:none;font-weight:600}
a:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:2rem 0 0;padding-top:1.25rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
`.trim();
