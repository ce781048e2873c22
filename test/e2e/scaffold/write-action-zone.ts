import { nextTsconfig, writeFiles } from './write-files.ts';

/**
 * Writes a zone that stands in for the account zone of the demo: one page with a form whose Server Action asks who calls it.
 *
 * @param folder inside this repository, whose modules it takes.
 */
export function writeActionZone(folder: string): Promise<void> {
  return writeFiles(folder, files);
}

const files = {
  'package.json': '{ "name": "action-zone", "version": "0.1.0", "private": true }\n',
  'next.config.ts': `
import { resolve } from "node:path";
import { withZone } from "@sallyport/nextjs/zone";

export default withZone({}, { name: "account", repositoryRoot: resolve(import.meta.dirname, "..") });
`,
  'proxy.ts': `
import { zoneProxy } from "@sallyport/nextjs/zone";

export const proxy = zoneProxy();
export const config = { matcher: "/((?!_next/static/|_zones/account/_next/static/|account/healthz$).*)" };
`,
  'tsconfig.json': nextTsconfig({ target: 'ES2022' }),
  'app/layout.tsx': `
import { SallyportProvider } from "@sallyport/nextjs/client";
import { auth, clientAuth } from "@sallyport/nextjs/server";
import type { ReactNode } from "react";

export default async function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <SallyportProvider initial={clientAuth(await auth())}>{children}</SallyportProvider>
      </body>
    </html>
  );
}
`,
  'app/error.tsx': `
"use client";

export default function Failed() {
  return <h1>The error boundary</h1>;
}
`,
  'app/account/healthz/route.ts': `
export function GET() {
  return new Response("ok");
}
`,
  'app/account/page.tsx': `
import { requireAuth } from "@sallyport/nextjs/server";
import { NoteForm } from "./note-form";

export default async function Account() {
  const { userId } = await requireAuth();
  return (
    <main>
      <h1>Notes of {userId}</h1>
      <NoteForm />
    </main>
  );
}
`,
  'app/account/save-note.ts': `
"use server";

import { requireAuth } from "@sallyport/nextjs/server";

export async function saveNote(_: string, form: FormData): Promise<string> {
  const { userId } = await requireAuth();
  return \`Saved for \${userId}: \${String(form.get("note"))}\`;
}
`,
  'app/account/note-form.tsx': `
"use client";

import { useDraft } from "@sallyport/nextjs/client";
import { useActionState, useRef } from "react";
import { saveNote } from "./save-note";

export function NoteForm() {
  const form = useRef<HTMLFormElement>(null);
  const isRestored = useDraft("note", form);
  const [saved, save] = useActionState(saveNote, "");
  return (
    <form ref={form} action={save}>
      {isRestored ? <p>We kept what you typed.</p> : null}
      <label>
        Note <input name="note" />
      </label>
      <button type="submit">Save</button>
      <p role="status">{saved}</p>
    </form>
  );
}
`,
};
