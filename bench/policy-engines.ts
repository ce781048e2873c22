import { createMongoAbility, subject } from '@casl/ability';
import { newEnforcer, newModelFromString } from 'casbin';
import { accessFor, parsePolicy, type AnyPolicy } from '@sallyport/policy';

/* One policy in three engines: a vendor changes own products, unless they are archived; others have rules of their own. */

/** Answers whether the vendor may change the product with this number. Every second answer is yes. */
export type Decide = (product: number) => boolean;

/** Products by number, over and over: own, archived, own, another vendor's. */
const products = [
  { vendorId: 'ada', status: 'draft', isArchived: false },
  { vendorId: 'ada', status: 'published', isArchived: true },
  { vendorId: 'ada', status: 'published', isArchived: false },
  { vendorId: 'eve', status: 'published', isArchived: false },
] as const;

/** Rules of a type that is not asked about. */
const rulesPerType = 10;

/** Our engine, with the access that is remembered for the caller. */
export function createSallyportEngine(otherRules: number): Decide {
  const access = accessFor(policyWith(otherRules), vendor);
  return (product) => access.can('update', 'Product', productAt(product));
}

/** Our engine, asked for the access of a caller each time, as the guard of a service does. */
export function createSallyportEngineOfCallers(otherRules: number): Decide {
  const policy = policyWith(otherRules);
  return (product) => accessFor(policy, vendor).can('update', 'Product', productAt(product));
}

/** CASL as its documentation has it: conditions of MongoDB, objects that are marked with their type. */
export function createCaslEngine(otherRules: number): Decide {
  const ability = createMongoAbility(caslRules(otherRules));
  const marked = products.map((product) => subject('Product', { ...product }));
  return (product) => ability.can('update', marked[product % marked.length] ?? 'Product');
}

/** Casbin with attributes: the condition of a rule is an expression over the caller and the object. */
export async function createCasbinEngine(otherRules: number): Promise<Decide> {
  const enforcer = await newEnforcer(newModelFromString(casbinModel));
  await enforcer.addPolicies([
    ['r.sub.id == r.obj.vendorId', 'Product', 'update', 'allow'],
    ['r.obj.status == "published"', 'Product', 'read', 'allow'],
    ['r.obj.isArchived', 'Product', 'update', 'deny'],
    ...Array.from({ length: otherRules }, (_, index) => [
      `r.sub.id == r.obj.ownerId${index}`,
      otherType(index),
      'update',
      'allow',
    ]),
  ]);
  const typed = products.map((product) => ({ ...product, type: 'Product' }));
  return (product) => enforcer.enforceSync(vendor, typed[product % typed.length], 'update');
}

/** What a caller costs who is new. Each says yes. */
export interface Build {
  /** Makes the ability: the rules are read, no condition is looked at. */
  readonly ability: (caller: number) => boolean;
  /** The same, and a decision that the last rule makes, so that every condition is looked at. */
  readonly decision: (caller: number) => boolean;
}

/** Each bit of a caller's number is a permission, with a rule of its own, of which a caller has half. */
const bits = 16;

/** So many rules on one type, for callers of whom no other has the same permissions: what callers share is remembered. */
export function createSallyportBuild(rules: number): Build {
  return buildFor(rules, (caller) => [
    'product:update',
    ...Array.from({ length: bits }, (_, bit) => ((caller >> bit) & 1 ? [`product:bit-${bit}`] : [])).flat(),
  ]);
}

/** The same for callers whose permissions are known from others. */
export function createSallyportBuildOfKnownPermissions(rules: number): Build {
  return buildFor(rules, () => ['product:update']);
}

function buildFor(rules: number, permissionsOf: (caller: number) => readonly string[]): Build {
  const own = states(rules - bits / 2);
  const extra = Array.from({ length: bits }, (_, bit) => `product:bit-${bit}`);
  const toRule = (to: string, state: string) => ({
    allow: 'update',
    on: 'Product',
    to,
    when: { vendorId: { eq: { subject: 'id' } }, status: { eq: state } },
  });
  const policy = parsePolicy({
    permissions: { ...permissions, ...Object.fromEntries(extra.map((permission) => [permission, 'One bit'])) },
    roles: {},
    records: { Product: { fields } },
    rules: [
      ...extra.map((permission) => toRule(permission, permission)),
      ...own.map((state) => toRule('product:update', state)),
    ],
  });
  const accessOf = (caller: number) =>
    accessFor(policy, { ...vendor, id: `vendor-${caller}`, permissions: permissionsOf(caller) });
  const status = own.at(-1);
  return {
    ability: (caller) => accessOf(caller).canAny('update', 'Product'),
    decision: (caller) => accessOf(caller).can('update', 'Product', { vendorId: `vendor-${caller}`, status }),
  };
}

/** The same with CASL alone, the rules of the caller being written out already. */
export function createCaslBuild(rules: number): Build {
  // CASL asks the last rule first.
  const written = states(rules)
    .toReversed()
    .map((status) => ({ action: 'update', subject: 'Product', conditions: { vendorId: 'ada', status } }));
  const product = subject('Product', { vendorId: 'ada', status: states(rules).at(-1) });
  return {
    ability: () => createMongoAbility(written).can('update', 'Product'),
    decision: () => createMongoAbility(written).can('update', product),
  };
}

function states(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `state-${index}`);
}

const permissions = { 'product:update': 'Change own products' } as const;
const fields = { vendorId: 'string', status: 'string', isArchived: 'boolean' } as const;

const vendor = Object.freeze({
  kind: 'user',
  id: 'ada',
  roles: Object.freeze(['vendor']),
  permissions: Object.freeze(['product:update']),
} as const);

const casbinModel = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = rule, type, act, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.obj.type == p.type && r.act == p.act && eval(p.rule)
`;

function productAt(number: number): (typeof products)[number] {
  return products[number % products.length] ?? products[0];
}

/** Types are named so that casbin, too, can tell them apart by one comparison. */
function otherType(index: number): string {
  return `Other${Math.floor(index / rulesPerType)}`;
}

function policyWith(otherRules: number): AnyPolicy {
  const others = Array.from({ length: Math.ceil(otherRules / rulesPerType) }, (_, index) =>
    otherType(index * rulesPerType),
  );
  return parsePolicy({
    permissions,
    roles: {},
    records: {
      Product: { fields },
      ...Object.fromEntries(others.map((type) => [type, { fields: { ownerId: 'string' } }])),
    },
    rules: [
      { allow: ['read', 'update'], on: 'Product', to: 'product:update', when: { vendorId: { eq: { subject: 'id' } } } },
      { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } } },
      { deny: 'update', on: 'Product', when: { isArchived: { eq: true } } },
      ...Array.from({ length: otherRules }, (_, index) => ({
        allow: 'update',
        on: otherType(index),
        to: 'product:update',
        when: { ownerId: { eq: { subject: 'id' } } },
      })),
    ],
  });
}

function caslRules(otherRules: number): Parameters<typeof createMongoAbility>[0] {
  return [
    { action: ['read', 'update'], subject: 'Product', conditions: { vendorId: 'ada' } },
    { action: 'read', subject: 'Product', conditions: { status: 'published' } },
    { action: 'update', subject: 'Product', conditions: { isArchived: true }, inverted: true },
    ...Array.from({ length: otherRules }, (_, index) => ({
      action: 'update',
      subject: otherType(index),
      conditions: { ownerId: 'ada' },
    })),
  ];
}
