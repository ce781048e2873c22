import { escapeHtml } from '@sallyport/core';
import type { ArrivedMessage } from './arrived-message.ts';

/**
 * Looks for new messages every second, and puts them in front of those that are there: what is open or half read stays as it
 * is. Without it the page works by hand.
 */
export const mailboxScript = `
const list = document.querySelector('section');
let shown = document.body.dataset.count;
setInterval(async () => {
  if (document.hidden) return;
  try {
    const { count } = await (await fetch('/count')).json();
    if (String(count) === shown) return;
    // Begun anew, with numbers that were given out before.
    if (count < Number(shown)) return location.reload();
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
    const arrived = [...page.querySelectorAll('article')].filter(({ id }) => document.getElementById(id) === null);
    shown = page.body.dataset.count;
    if (arrived.length > 0) list.querySelector('.empty')?.remove();
    list.prepend(...arrived);
  } catch {}
}, 1000);
`;

const style = `
:root { color-scheme: light dark; --page: #f2f8f5; --card: #fff; --text: #0c2221; --quiet: #4a5f5c; --line: #d5e0dc; --accent: #0e6257; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --page: #091415; --card: #101d1e; --text: #eaf2ef; --quiet: #a3b8b3; --line: #26393a; --accent: #74d6c1; --on-accent: #06201c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 720px; margin: 0 auto; padding: 40px 20px 80px; }
h1 { margin: 0 0 4px; font-size: 26px; letter-spacing: -0.02em; }
.note { margin: 0 0 24px; color: var(--quiet); }
.note a { color: var(--accent); }
form { display: flex; gap: 8px; margin-bottom: 24px; flex-wrap: wrap; align-items: end; }
label { flex: 1 1 240px; font-size: 14px; color: var(--quiet); }
input { display: block; width: 100%; margin-top: 4px; padding: 10px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--text); font: inherit; font-size: 16px; }
button, .action { padding: 10px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--text); font: inherit; font-weight: 600; cursor: pointer; }
.action { display: inline-block; border-color: var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
article { margin-bottom: 16px; padding: 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
h2 { margin: 0; font-size: 18px; }
.about { margin: 2px 0 14px; color: var(--quiet); font-size: 14px; overflow-wrap: anywhere; }
pre { margin: 16px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.55 ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--quiet); }
details summary { margin-top: 14px; cursor: pointer; color: var(--quiet); font-size: 14px; }
iframe { width: 100%; height: 560px; margin-top: 14px; border: 1px solid var(--line); border-radius: 8px; background: #fff; }
.empty { padding: 48px 20px; text-align: center; color: var(--quiet); border: 1px dashed var(--line); border-radius: 12px; }
`;

export interface MailboxPageParts {
  /** The address that was asked for; an empty one means all. */
  readonly to: string;
  /** How many arrived by now. */
  readonly count: number;
  readonly previewPath: string | undefined;
}

/** Writes the page on which people read the mail of the demo. Every text of a message is escaped. */
export function mailboxPage(messages: readonly ArrivedMessage[], { to, count, previewPath }: MailboxPageParts): string {
  const [newest] = messages;
  const preview =
    previewPath === undefined ? '' : ` <a href="${escapeHtml(previewPath)}">See every mail and every page</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Development mailbox</title>
<style>${style}</style>
</head>
<body data-count="${count}">
<main>
<h1>Development mailbox</h1>
<p class="note">Messages that Sallyport would have sent. They are kept in memory, until the next start.${preview}</p>
<form method="get" action="/">
<label>Only to this address<input type="email" name="to" value="${escapeHtml(to)}" autocomplete="off" placeholder="all"></label>
<button type="submit">Show</button>
</form>
<section aria-label="Messages" aria-live="polite">
${messages.length === 0 ? '<p class="empty">No messages yet. Sign up, and the first one appears here.</p>' : messages.map((message) => article(message, message === newest)).join('\n')}
</section>
</main>
<script>${mailboxScript}</script>
</body>
</html>`;
}

/** A message; the newest one as a mail program shows it. */
function article(message: ArrivedMessage, isOpen: boolean): string {
  const at = message.at.toISOString();
  const links = message.links.filter(isWebLink).map((link) => action(link));
  const code = message.code === undefined ? '' : `<p>Code: <strong>${escapeHtml(message.code)}</strong></p>`;
  const look =
    message.html === undefined
      ? ''
      : `<details${isOpen ? ' open' : ''}><summary>As people see it</summary><iframe src="/messages/${message.id}" title="${escapeHtml(message.subject)}" loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe></details>`;
  return `<article id="message-${message.id}" aria-labelledby="subject-${message.id}">
<h2 id="subject-${message.id}">${escapeHtml(message.subject)}</h2>
<p class="about">to ${escapeHtml(message.to)} · <time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time> · ${escapeHtml(message.kind)}</p>
${links.join('\n')}${code}
${look}
<details><summary>As text</summary><pre>${escapeHtml(message.text)}</pre></details>
</article>`;
}

function action(link: string): string {
  return `<a class="action" href="${escapeHtml(link)}">Open ${escapeHtml(new URL(link).pathname)}</a>`;
}

function isWebLink(link: string): boolean {
  return URL.canParse(link) && /^https?:$/.test(new URL(link).protocol);
}
