import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures.test-support.ts';
import { editLayout } from './edit-layout.ts';

const edit = (text: string) => editLayout(text, 'app/layout.tsx');

function changed(text: string): string {
  const result = edit(text);
  if (result.kind !== 'changed') throw new Error(JSON.stringify(result));
  expect(edit(result.text)).toEqual({ kind: 'unchanged' });
  return result.text;
}

const body = `return (\n    <html>\n      <body>{children}</body>\n    </html>\n  );`;

describe('a root layout is left alone', () => {
  it.each([
    {
      name: 'that is a client component',
      text: `'use client';\nexport default function L({ children }) { ${body} }`,
      reason: /client/,
    },
    {
      name: 'with an auth of its own',
      text: `import { auth } from '@/auth';\nexport default function L({ children }) { ${body} }`,
      reason: /called auth/,
    },
    { name: 'that comes from elsewhere', text: `export { default } from "./other";`, reason: /default export/ },
    {
      name: 'that is wrapped',
      text: `export default memo(function L({ children }) { ${body} });`,
      reason: /default export/,
    },
    {
      name: 'without a body',
      text: `export default function L({ children }) { return children; }`,
      reason: /children/,
    },
    {
      name: 'with its body in a component',
      text: `export default function L({ children }) { return <Shell>{children}</Shell>; }`,
      reason: /children/,
    },
    {
      name: 'with its children in two places',
      text: `export default function L({ children }) { return <body>{a ? <p>{children}</p> : <i>{children}</i>}</body>; }`,
      reason: /once/,
    },
  ])('$name', ({ text, reason }) => {
    const result = edit(text);
    expect(result.kind === 'not-understood' ? result.reason : result.kind).toMatch(reason);
  });
});

describe('a root layout gets the provider', () => {
  it('around its children, and becomes asynchronous', () => {
    expect(changed(readFixture('next-layout-before'))).toBe(readFixture('next-layout-after'));
  });

  it('inside the providers that it has', () => {
    const text = `export default async function L({ children }) {
  return (
    <html>
      <body>
        <Theme>
          {children}
        </Theme>
        <Toaster />
      </body>
    </html>
  );
}
`;
    const result = changed(text);
    expect(result).toContain(`        <Theme>
          <SallyportProvider initial={clientAuth(await auth())}>
            {children}
          </SallyportProvider>
        </Theme>`);
    expect(result).not.toContain('async async');
  });

  it.each([
    {
      name: 'as an arrow function',
      text: `const L = ({ children }: Props) => <html><body>{children}</body></html>;\nexport default L;`,
      has: 'const L = async (',
    },
    {
      name: 'with its parameters in one',
      text: `export default function L(props) { return <body>{props.children}</body>; }`,
      has: '{props.children}',
    },
    {
      name: 'with the type of what it returns',
      text: `export default function L({ children }): JSX.Element { ${body} }`,
      has: '): Promise<JSX.Element> {',
    },
  ])('$name', ({ text, has }) => {
    expect(changed(text)).toContain(has);
  });
});
