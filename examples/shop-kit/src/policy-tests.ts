import { definePolicyTests } from '@sallyport/policy/testing';
import { shopPolicy } from './policy.ts';

const product = { name: 'Hat', priceCents: 900, stock: 3 };
const order = { buyerId: 'ursula', vendorIds: ['vera'], totalCents: 900, chargeId: 'ch_1' };

/** Who may do what in the shop. `sallyport policy test --tests examples/shop-kit/src/policy-tests.ts` runs it. */
const shopPolicyTests = definePolicyTests(shopPolicy, {
  callers: {
    visitor: 'anonymous',
    ursula: { id: 'ursula', roles: ['user'] },
    vera: { id: 'vera', roles: ['vendor'] },
    bob: { id: 'bob', roles: ['vendor'] },
    ada: { id: 'ada', roles: ['admin'] },
    // Own something, and hold no permission any more.
    formerBuyer: { id: 'ursula' },
    formerVendor: { id: 'vera' },
  },
  records: {
    shown: { type: 'Product', fields: { ...product, id: 'p1', ownerId: 'bob', status: 'published' } },
    draft: { type: 'Product', fields: { ...product, id: 'p2', ownerId: 'vera', status: 'draft' } },
    hold: { type: 'Hold', fields: { id: 'h1', buyerId: 'ursula' } },
    open: { type: 'Order', fields: { ...order, id: 'o1', state: 'open' } },
    paid: { type: 'Order', fields: { ...order, id: 'o2', state: 'paid' } },
    payout: { type: 'Payout', fields: { vendorId: 'vera', accountHolder: 'Vera', iban: 'DE89' } },
  },
  matrix: {
    shown: {
      visitor: [],
      ursula: ['read', 'buy'],
      vera: ['read', 'buy'],
      bob: ['create', 'read', 'update', 'buy'],
      ada: ['read', 'update', 'delete', 'buy'],
      formerBuyer: [],
      formerVendor: [],
    },
    draft: {
      visitor: [],
      ursula: [],
      vera: ['create', 'read', 'update'],
      bob: [],
      ada: ['read', 'update', 'delete'],
      formerBuyer: [],
      formerVendor: [],
    },
    hold: {
      visitor: [],
      ursula: ['create', 'delete'],
      vera: [],
      bob: [],
      ada: ['delete'],
      formerBuyer: [],
      formerVendor: [],
    },
    open: {
      visitor: [],
      ursula: ['create', 'read', 'pay', 'cancel'],
      vera: ['read', 'sell'],
      bob: [],
      ada: ['read', 'oversee', 'cancel'],
      formerBuyer: [],
      formerVendor: [],
    },
    paid: {
      visitor: [],
      ursula: ['create', 'read'],
      vera: ['read', 'sell'],
      bob: [],
      ada: ['read', 'oversee'],
      formerBuyer: [],
      formerVendor: [],
    },
    payout: {
      visitor: [],
      ursula: [],
      vera: ['create', 'read', 'update'],
      bob: [],
      ada: [],
      formerBuyer: [],
      formerVendor: [],
    },
  },
  cases: [
    { caller: 'vera', may: 'update', on: 'draft', change: { name: 'Cap', priceCents: 800 } },
    { caller: 'vera', mayNot: 'update', on: 'draft', field: 'id', because: 'origin-is-fixed' },
    { caller: 'vera', mayNot: 'update', on: 'draft', field: 'ownerId', because: 'origin-is-fixed' },
    { caller: 'ada', mayNot: 'update', on: 'draft', field: 'createdAt', because: 'origin-is-fixed' },
    { caller: 'ursula', mayNot: 'buy', on: 'shown', change: { status: 'draft' } },
    { caller: 'ursula', mayNot: 'pay', on: 'open', change: { buyerId: 'bob' } },
    { caller: 'ada', mayNot: 'cancel', on: 'open', change: { state: 'paid' } },
    { caller: 'vera', mayNot: 'update', on: 'payout', change: { vendorId: 'bob' } },
    {
      caller: 'ursula',
      sees: [
        'id',
        'buyerId',
        'vendorIds',
        'state',
        'lines',
        'totalCents',
        'currency',
        'createdAt',
        'updatedAt',
        'version',
      ],
      on: 'paid',
    },
    { caller: 'vera', sees: ['id', 'state', 'lines', 'totalCents', 'currency', 'createdAt'], on: 'paid' },
    { caller: 'ada', may: 'read', on: 'paid', field: 'chargeId' },
  ],
  acceptedSurvivors: {
    'own-product (update): without when after a write': 'origin-is-fixed refuses another owner',
    'own-sale: without when after a write': 'the fields of the rule leave vendorIds as they are',
  },
});

export default shopPolicyTests;
