import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

/** One page of Acme SSO, or of Acme Pay. It looks like no page of the demo: people see that they are at another company. */
export function acmeDocument(title: string, content: Html, company = 'Acme SSO'): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${company}</title>
        <link rel="stylesheet" href="/acme.css" />
      </head>
      <body>
        <header><span class="mark" aria-hidden="true">A</span>${company}</header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
        <footer>A provider on this machine that plays an outside company. Nothing here is sent anywhere.</footer>
      </body>
    </html>`;
}

/** The stylesheet of all pages. */
export const acmeStyles = `
:root { --ground: #f4f2fb; --surface: #fff; --text: #1d1833; --muted: #5c5673; --accent: #5b3df0; --on-accent: #fff; --line: #d9d4ea }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14111f; --surface: #1e1a2e; --text: #efecfa; --muted: #b3acc9; --accent: #a998ff; --on-accent: #17122b; --line: #3a3452 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; display: flex; flex-direction: column; align-items: center; padding: 24px 16px; gap: 24px }
header { display: flex; align-items: center; gap: 10px; font-weight: 700; font-size: 20px }
.mark { width: 34px; height: 34px; border-radius: 8px; display: grid; place-items: center; background: var(--accent); color: var(--on-accent) }
main { width: 100%; max-width: 440px; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 28px 24px }
h1 { margin: 0 0 8px; font-size: 22px; line-height: 1.25 }
p { margin: 0 0 16px; color: var(--muted) }
form { margin: 0 }
form + form { margin-top: 12px }
button { width: 100%; min-height: 44px; padding: 10px 14px; border-radius: 10px; border: 1px solid var(--line); background: transparent; color: inherit; font: inherit; text-align: left; cursor: pointer }
button:hover { border-color: var(--accent) }
button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; text-align: center }
button.quiet { text-align: center; color: var(--muted) }
button strong, button span { display: block }
button span { color: var(--muted); font-size: 14px; overflow-wrap: anywhere }
.people { display: grid; gap: 10px; margin-bottom: 16px }
a { color: var(--accent) }
footer { color: var(--muted); font-size: 14px; text-align: center; max-width: 440px }
`;
