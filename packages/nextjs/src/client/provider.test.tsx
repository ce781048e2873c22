import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';
import type { ClientAuth } from '../client-auth.ts';
import { SallyportProvider } from './provider.tsx';
import { Show, type ShowProps } from './show.tsx';
import { useAuth } from './use-auth.ts';
import { useOrganization } from './use-organization.ts';

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

const member: ClientAuth = { ...vendor, org: 'acme', orgRoles: ['member'] };

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
    {
      name: 'hides a role inside an organization from a person without one',
      caller: vendor,
      when: { orgRoles: ['vendor'] },
      shown: false,
    },
    { name: 'hides a role inside another organization', caller: member, when: { orgRoles: ['owner'] }, shown: false },
    {
      name: 'hides a role of the deployment from one who holds it in an organization',
      caller: member,
      when: { roles: ['member'] },
      shown: false,
    },
    {
      name: 'shows a role inside the organization to its holder',
      caller: member,
      when: { orgRoles: ['owner', 'member'] },
      shown: true,
    },
    { name: 'shows what takes an organization to a member', caller: member, when: { org: true }, shown: true },
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

describe('useOrganization()', () => {
  function Badge(): ReactNode {
    const organization = useOrganization();
    return organization === undefined ? 'no organization' : `${organization.roles.join()} of ${organization.id}`;
  }

  it('knows the active one, and that there is none', () => {
    expect(render(member, <Badge />)).toBe('member of acme');
    expect(render(vendor, <Badge />)).toBe('no organization');
    expect(render(visitor, <Badge />)).toBe('no organization');
  });
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
