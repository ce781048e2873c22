import { writeImport } from '../source/add-import.ts';
import type { SourceStyle } from '../source/source-style.ts';

/** `proxy.ts`, in Next.js 15 `middleware.ts`: a nonce and a content security policy for every page. */
export function writeProxy(name: 'proxy' | 'middleware', style: SourceStyle): string {
  const { quote, semicolon } = style;
  return [
    writeImport({ names: ['zoneProxy'], from: '@sallyport/nextjs/zone' }, style),
    '',
    '// A nonce and a content security policy for every page. It decides nothing about access: requireAuth() does.',
    `export const ${name} = zoneProxy()${semicolon}`,
    '',
    `export const config = { matcher: ${quote}/((?!_next/static/|_next/image|favicon.ico$).*)${quote} }${semicolon}`,
    '',
  ].join('\n');
}

/** A page that only signed-in people see; it asks a service where there is something to ask. */
export function writeExamplePage(style: SourceStyle, apiPath: string | undefined): string {
  const { quote, semicolon } = style;
  const names = apiPath === undefined ? ['requireAuth'] : ['fetchApi', 'requireAuth'];
  return [
    writeImport({ names, from: '@sallyport/nextjs/server' }, style),
    writeImport({ names: ['SignOutButton'], from: './sign-out-button' }, style),
    '',
    '/** An example, to be deleted: visitors who are not signed in are led to the sign-in page. */',
    'export default async function MembersPage() {',
    `  const me = await requireAuth()${semicolon}`,
    ...(apiPath === undefined
      ? []
      : [
          '  // Through the gateway, as this person.',
          `  const answer = await fetchApi(${quote}${apiPath}${quote})${semicolon}`,
        ]),
    '  return (',
    '    <main>',
    '      <h1>Hello {me.name}</h1>',
    ...(apiPath === undefined
      ? []
      : [
          '      <p>',
          '        The service answered with {answer.status}: <code>{await answer.text()}</code>',
          '      </p>',
        ]),
    '      <SignOutButton />',
    '    </main>',
    `  )${semicolon}`,
    '}',
    '',
  ].join('\n');
}

/** The button of the example page. */
export function writeSignOutButton(style: SourceStyle): string {
  const { quote, semicolon } = style;
  return [
    `${quote}use client${quote}${semicolon}`,
    '',
    writeImport({ names: ['signOut'], from: '@sallyport/nextjs/client' }, style),
    '',
    'export function SignOutButton() {',
    '  return (',
    `    <button type="button" onClick={() => void signOut()}>`,
    '      Sign out',
    '    </button>',
    `  )${semicolon}`,
    '}',
    '',
  ].join('\n');
}
