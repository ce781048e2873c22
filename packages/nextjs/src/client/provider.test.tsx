import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';
import type { ClientAuth } from '../client-auth.ts';
import { SallyportProvider } from './provider.tsx';
import { Show, type ShowProps } from './show.tsx';
import { useAuth } from './use-auth.ts';

vi.mock('next/navigation.js', () => ({ useRouter: () => ({ refresh: () => {} }) }));

const visitor: ClientAuth = { status: 'signed-out' };
const vendor: ClientAuth = {
  status: 'signed-in',
  userId: 'vera',
  name: 'Vera',
  roles: ['vendor'],
  permissions: ['product:create'],
  acr: 'pwd',
  authTime: 1_700_000_000,
};

function render(initial: ClientAuth, children: ReactNode): string {
  return renderToStaticMarkup(<SallyportProvider initial={initial}>{children}</SallyportProvider>);
}

describe('<Show> in the browser', () => {
  it.each([
    { name: 'hides the signed-in part from a visitor', caller: visitor, when: 'signed-in', shown: false },
    { name: 'hides a requirement from a visitor', caller: visitor, when: {}, shown: false },
    { name: 'hides the signed-out part from a person', caller: vendor, when: 'signed-out', shown: false },
    { name: 'hides a role from the others', caller: vendor, when: { roles: ['admin'] }, shown: false },
    {
      name: 'hides what takes a permission more',
      caller: vendor,
      when: { permissions: ['product:create', 'product:delete'] },
      shown: false,
    },
    { name: 'shows the signed-out part to a visitor', caller: visitor, when: 'signed-out', shown: true },
    { name: 'shows the signed-in part to a person', caller: vendor, when: 'signed-in', shown: true },
    { name: 'shows a role to its holder', caller: vendor, when: { roles: ['admin', 'vendor'] }, shown: true },
  ] satisfies readonly { name: string; caller: ClientAuth; when: ShowProps['when']; shown: boolean }[])(
    '$name',
    ({ caller, when, shown }) => {
      const page = (
        <Show when={when} fallback="fallback">
          children
        </Show>
      );

      expect(render(caller, page)).toBe(shown ? 'children' : 'fallback');
    },
  );
});

describe('useAuth()', () => {
  function Greeting(): ReactNode {
    const caller = useAuth();
    if (caller.status === 'signed-out') return 'who are you?';
    return `${caller.name} may${caller.has({ permissions: ['product:create'] }) ? '' : ' not'}`;
  }

  it('is a mistake outside the provider, not a visitor', () => {
    expect(() => renderToStaticMarkup(<Greeting />)).toThrow('<SallyportProvider>');
  });

  it('knows the person and what they may do', () => {
    expect(render(vendor, <Greeting />)).toBe('Vera may');
    expect(render({ ...vendor, permissions: [] }, <Greeting />)).toBe('Vera may not');
    expect(render(visitor, <Greeting />)).toBe('who are you?');
  });
});
