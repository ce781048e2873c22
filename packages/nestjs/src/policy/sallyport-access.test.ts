import { anonymous } from '@sallyport/core';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Public } from '../access/declare-access.ts';
import { callerNamed, createService, entries, forgetSeen, table } from './policy-service.test-support.ts';
import { SallyportAccess } from './sallyport-access.ts';

@Controller()
class OpenController {
  @Get()
  @Public('nothing is asked here')
  read(): void {}
}

const vendor = callerNamed('vendor-1', ['product:update']);
const admin = callerNamed('admin-1', ['product:any']);
const [lamp, , oven, sofa] = table;

describe('the access of a service', () => {
  let app: INestApplication;
  let access: SallyportAccess;
  beforeAll(async () => {
    app = await createService({ controllers: [OpenController] });
    access = app.get(SallyportAccess);
  });
  afterAll(() => app.close());
  beforeEach(forgetSeen);

  it.each([
    { name: 'the record of another', caller: vendor, record: sofa, code: 'SP_POLICY_DENIED' },
    { name: 'what is denied', caller: admin, record: oven, code: 'SP_POLICY_DENIED' },
    { name: 'a stranger', caller: anonymous, record: lamp, code: 'SP_UNAUTHENTICATED' },
    { name: 'a record that is not there', caller: admin, record: undefined, code: 'SP_NOT_FOUND' },
    { name: 'no record', caller: admin, record: null, code: 'SP_NOT_FOUND' },
  ])('refuses $name', ({ caller, record, code }) => {
    expect(() => access.assert(caller, 'update', 'Product', record)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses as if there were no record, where that is asked for', () => {
    const refusal = () => access.assert(vendor, 'update', 'Product', sofa, { onDeny: 404 });
    expect(refusal).toThrow(expect.objectContaining({ code: 'SP_NOT_FOUND', reason: 'no-rule-allows' }));
    expect(entries).toMatchObject([
      { action: 'Product.update', outcome: 'denied', caller: { id: 'vendor-1' }, error: 'SP_NOT_FOUND' },
    ]);
    expect(entries[0]).not.toHaveProperty('handler');
  });

  it.each([
    { name: 'gives the record away', after: { ...lamp, vendorId: 'vendor-2' }, reason: 'not-allowed-after-write' },
    { name: 'adds what is not declared', after: { ...lamp, isAdmin: true }, reason: 'field-not-declared' },
  ])('refuses a write that $name', ({ after, reason }) => {
    expect(() => access.assertWrite(vendor, 'update', 'Product', lamp ?? null, after)).toThrow(
      expect.objectContaining({ code: 'SP_POLICY_DENIED', reason }),
    );
  });

  it('refuses to create in the name of another, and to delete what is frozen', () => {
    expect(() => access.assertWrite(vendor, 'create', 'Product', null, { id: 'new', vendorId: 'vendor-2' })).toThrow(
      expect.objectContaining({ code: 'SP_POLICY_DENIED' }),
    );
    expect(() => access.assertWrite(vendor, 'delete', 'Product', oven ?? null, null)).toThrow(
      expect.objectContaining({ reason: 'product-is-frozen', detail: 'This product is under review.' }),
    );
  });

  it('gives back what it allows, filters and explains', () => {
    expect(access.assert(vendor, 'update', 'Product', lamp)).toBe(lamp);
    access.assertWrite(vendor, 'update', 'Product', lamp ?? null, { ...lamp, name: 'Light' });
    expect(access.can(vendor, 'update', 'Product', sofa ?? {})).toBe(false);
    expect(access.filter(vendor, 'update', 'Product').toSql({ dialect: 'postgres' }).parameters).toContain('vendor-1');
    expect(access.explain(vendor, 'update', 'Product', sofa ?? {}).whatWouldAllow).not.toEqual([]);
    expect(entries).toEqual([]);
  });

  it.each([
    { name: 'a type', ask: () => access.can(vendor, 'update', 'Prodct', {}) },
    { name: 'an action', ask: () => access.can(vendor, 'updte', 'Product', {}) },
    { name: 'a field', ask: () => access.can(vendor, 'update', 'Product', {}, 'nam') },
  ])('throws for $name that the policy does not have', ({ ask }) => {
    expect(ask).toThrow(expect.objectContaining({ name: 'OptionsError' }));
  });
});

it('the access of a service without a policy says what is missing', async () => {
  const app = await createService({ controllers: [OpenController], options: { policy: undefined as never } });
  expect(() => app.get(SallyportAccess).can(vendor, 'read', 'Product', {})).toThrow('give SallyportModule the policy');
  await app.close();
});
