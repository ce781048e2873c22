import { accessFor, type PackedAccess, type PolicyCaller } from '@sallyport/policy';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { AccessProvider, Can, useCan, useCanAny, type CanProps } from './index.ts';
import { lamp, policy, sofa } from './shop-policy.test-support.ts';

const callerWith = (...permissions: readonly string[]): PolicyCaller => ({
  kind: 'user',
  id: 'vendor-1',
  roles: [],
  permissions,
});
const vendor = accessFor(policy, callerWith('product:update')).pack();
const user = accessFor(policy, callerWith()).pack();

function render(access: PackedAccess, children: ReactNode): string {
  return renderToStaticMarkup(<AccessProvider access={access}>{children}</AccessProvider>);
}

describe('<Can> in the browser', () => {
  const update = { action: 'update', on: 'Product' } as const;
  it.each([
    { name: 'hides what takes a permission', access: user, props: { ...update, record: lamp }, shown: false },
    { name: 'hides a menu of what the user never may', access: user, props: update, shown: false },
    { name: 'hides the record of another', access: vendor, props: { ...update, record: sofa }, shown: false },
    { name: 'hides what is loading', access: vendor, props: { ...update, record: undefined }, shown: false },
    { name: 'hides what is not there', access: vendor, props: { ...update, record: null }, shown: false },
    {
      name: 'hides a field that is denied',
      access: vendor,
      props: { ...update, record: lamp, field: 'vendorId' },
      shown: false,
    },
    { name: 'hides a type of others', access: vendor, props: { action: 'read', on: 'Payout' }, shown: false },
    {
      name: 'hides a field of a type of others, which it was not told of',
      access: vendor,
      props: { action: 'read', on: 'Payout', record: { id: '1' }, field: 'canaryAccount' },
      shown: false,
    },
    { name: 'shows what is their own', access: vendor, props: { ...update, record: lamp }, shown: true },
    { name: 'shows a menu', access: vendor, props: update, shown: true },
  ] satisfies readonly { name: string; access: PackedAccess; props: Partial<CanProps<string>>; shown: boolean }[])(
    '$name',
    ({ access, props, shown }) => {
      const page = (
        <Can {...(props as CanProps<string>)} fallback="fallback">
          children
        </Can>
      );
      expect(render(access, page)).toBe(shown ? 'children' : 'fallback');
    },
  );
});

describe('useCan()', () => {
  function Buttons(): ReactNode {
    const mayUpdate = useCan('update', 'Product', lamp);
    const mayCreate = useCanAny('create', 'Product');
    return `update: ${String(mayUpdate)}, create: ${String(mayCreate)}`;
  }

  it('is a mistake outside the provider, and not a user who may do nothing', () => {
    expect(() => renderToStaticMarkup(<Buttons />)).toThrow('outside <AccessProvider>');
  });

  it('knows what the user may do', () => {
    expect(render(vendor, <Buttons />)).toBe('update: true, create: true');
    expect(render(user, <Buttons />)).toBe('update: false, create: false');
  });

  it('refuses what another version packed', () => {
    expect(() => render({ ...vendor, version: 2 } as never, <Buttons />)).toThrow(/pack/);
    expect(() => render({} as never, <Buttons />)).toThrow(/pack/);
  });
});
