import type { ShownNote } from '../notes/notes.service.ts';

const special: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What visitors and people who are signed in see first. */
export function renderHome(name: string | undefined): string {
  return document(
    'Notes',
    name === undefined
      ? '<p><a href="/sign-in">Sign in</a> or <a href="/auth/sign-up">make an account</a>.</p>'
      : `<p>Hello, ${escape(name)}. <a href="/my-notes">Your notes</a></p>${signOutForm}`,
  );
}

/** The form of the application itself, in place of the built-in page. */
export function renderSignIn(): string {
  return document(
    'Sign in',
    `<form method="post" action="/sign-in">
      <label>Email <input name="email" type="email" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>
    <p><a href="/auth/forgot">Forgot your password?</a></p>`,
  );
}

/** The notes of the person who is signed in. */
export function renderNotes(name: string, notes: readonly ShownNote[]): string {
  const items = notes.map(({ text }) => `<li>${escape(text)}</li>`).join('');
  return document(
    `Notes of ${name}`,
    `<ul>${items}</ul>
    <form method="post" action="/my-notes"><label>Note <input name="text" required></label><button>Write</button></form>
    ${signOutForm}`,
  );
}

const signOutForm = '<form method="post" action="/sign-out"><button>Sign out</button></form>';

function document(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>${escape(title)}</title></head><body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => special[character] ?? '');
}
