import {
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  storeTables,
} from '@sallyport/stores';
import {
  anonymous,
  builtInPages,
  exitCodes,
  type Authenticator,
  type Command,
  type CredentialKind,
  type FeaturesAnswer,
  type SecurityEvent,
  type SecurityEventLog,
  type ServiceCommandContext,
} from '@sallyport/core';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openCleanDatabase } from './database/clean-database.test-support.ts';
import { openIdentityDatabase, type IdentityDatabase } from './database/identity-database.ts';
import type { BuiltFeature, Feature } from './feature.ts';
import { composeFeatures } from './feature-set.ts';
import { featureList, features, type OperatorServices } from './features.ts';
import { createIdentityWith } from './identity.ts';
import { firstSecret, goodPassword, testPolicy } from './identity.test-support.ts';
import type { IdentityEnvironment } from './http/identity-request.ts';
import type { IdentityKernel } from './kernel.ts';
import { createDevelopmentMailbox } from './mail/development-mailbox.ts';
import type { MailCatalog } from './mail/mail-catalog.ts';

const model = 'sallyportGreeting';
const greetingConfig = z.strictObject({ word: z.string().min(2).default('hello') }).prefault({});
const greetingEvents = {
  'greeting.sent': z.strictObject({ word: z.string() }).describe('A greeting was sent'),
} as const;
const greetingMails = {
  greeting: {
    texts: {
      en: ({ productName, page }) => ({
        subject: `${productName} greets you`,
        paragraphs: [],
        action: { label: 'Greet back', link: page('security') },
        closing: '',
      }),
    },
  },
} as const satisfies MailCatalog;

type GreetingKernel = Pick<IdentityKernel, 'records' | 'now' | 'mailer'> & {
  readonly events: SecurityEventLog<SecurityEvent<typeof greetingEvents>>;
};

interface GreetingServices {
  readonly greet: (email: string) => Promise<void>;
}

const greetCommand: Command<ServiceCommandContext<GreetingServices>> = {
  name: 'greetings send',
  summary: 'Greets an account',
  operands: ['<email>'],
  run: ({ operands: [to = ''], report, withServices }) =>
    withServices('writes', async ({ greet }) => {
      await greet(to);
      report({ to }, `${to} was greeted.`);
      return exitCodes.done;
    }),
};

/** A feature that is nothing but this object: no other file knows of it. */
const greetingFeature = {
  name: 'greetings',
  config: greetingConfig,
  tables: [{ model, columns: { word: { type: 'string', required: true }, until: { type: 'date', required: true } } }],
  sealedColumns: [{ model, column: 'word', purpose: 'greeting', contextOf: () => model }],
  events: greetingEvents,
  mails: greetingMails,
  retention: [{ kind: 'greetings', model, expiry: 'until', keepSeconds: 60 }],
  commands: [greetCommand],
  checks: [
    {
      name: 'greetings',
      run: ({ word }) => (word === 'hello' ? [] : [{ kind: 'warning', key: 'greetings.word', finding: 'is unusual' }]),
    },
  ],
  problemsOf: ({ word }, policy) =>
    Object.hasOwn(policy.roles, word) ? [{ key: 'word', problem: 'is the name of a role' }] : [],
  create({ records, now, mailer, events }: GreetingKernel, { word }: z.output<typeof greetingConfig>) {
    const greet = async (email: string): Promise<void> => {
      const where = { requestId: 'req-test', address: '203.0.113.7' };
      await events.append({ type: 'greeting.sent', at: now(), outcome: 'success', ...where, details: { word } });
      await records.create({ model, data: { word, until: now() } });
      await mailer.send('greeting', { name: 'Robin Doe', email, emailVerified: true });
    };
    return {
      services: { greet },
      routes: [new Hono<IdentityEnvironment>().get('/greeting', (c) => c.json({ word }))],
      gate: {
        ofRoles: () => 'pwd',
        of: () => Promise.resolve('mfa'),
        ask: () =>
          Promise.resolve({
            status: 'second-factor-required',
            methods: ['greeting'],
            setCookie: 'greeted=no',
            handle: 'greeted',
            expiresInSeconds: 60,
          }),
        answer: () => Promise.resolve(null),
        send: () => Promise.resolve(null),
      },
    };
  },
} as const satisfies Feature<z.output<typeof greetingConfig>>;

type Services = OperatorServices & GreetingServices;

const set = composeFeatures<Services>([...featureList, greetingFeature]);
const email = 'robin@example.test';
const at = new Date('2026-01-01T00:00:00Z');

let closing: (() => Promise<void>)[];
let database: IdentityDatabase;
const mailbox = createDevelopmentMailbox({ now: () => at });

beforeEach(() => {
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

async function startWithGreetings(sections: Readonly<Record<string, unknown>> = {}) {
  const opened = await openCleanDatabase('sqlite');
  closing.push(() => opened.close());
  database = await openIdentityDatabase({ database: opened.handle, tables: [...storeTables, ...set.tables] });
  const identity = await createIdentityWith(set, {
    publicUrl: 'http://localhost:3000',
    database,
    sessions: createRecordSessionStore(database.records),
    sealerFor: createSealer([firstSecret]),
    bus: createInProcessBus(),
    counters: createInProcessCounters(),
    mailer: mailbox.mailer,
    policy: testPolicy,
    answerFloorMilliseconds: 0,
    now: () => at,
    features: sections,
  });
  closing.push(() => identity.close());
  return identity as typeof identity & Readonly<Record<string, unknown>>;
}

const call = (identity: { readonly app: Hono<IdentityEnvironment> }, path: string, init?: RequestInit) =>
  identity.app.fetch(new Request(`http://localhost:3000${path}`, init), {
    context: { requestId: 'req-test', clientAddress: '203.0.113.7', caller: anonymous },
  });

describe('a feature that is added to the list', () => {
  it('has its section in the configuration, its columns among the sealed ones and its events in the catalog', () => {
    expect(Object.keys(set.sections)).toContain('greetings');
    expect(set.sections['greetings']?.safeParse({ word: 'x' }).success).toBe(false);
    expect(set.sealedColumns).toContainEqual(greetingFeature.sealedColumns[0]);
    expect(set.events['greeting.sent']).toBe(greetingEvents['greeting.sent']);
  });

  it('is looked at before a start, in its own section', async () => {
    const [check] = set.checks;
    expect(check?.name).toBe('greetings');
    expect(await check?.run({})).toEqual([]);
    expect(await check?.run({ greetings: { word: 'ahoy' } })).toMatchObject([{ key: 'greetings.word' }]);
  });

  it('has its command among those of the command line, which is given its service when it runs', async () => {
    expect(set.commands.map(({ name }) => name)).toEqual([
      ...features.commands.map(({ name }) => name),
      'greetings send',
    ]);
    const services = (await startWithGreetings()) as unknown as Services;
    const reports: unknown[] = [];
    const context: Partial<ServiceCommandContext<Services>> = {
      operands: [email],
      report: (result) => reports.push(result),
      withServices: (_access, work) =>
        work(services, { publicUrl: 'http://localhost:3000', pages: builtInPages, canMail: true }),
    };
    const command = set.commands.find(({ name }) => name === 'greetings send');
    expect(await command?.run(context as ServiceCommandContext<Services>)).toBe(0);
    expect(reports).toEqual([{ to: email }]);
    expect(await database.records.count({ model })).toBe(1);
  });

  it('is refused with a section that cannot work, by key', async () => {
    await expect(startWithGreetings({ greetings: { word: 'x' } })).rejects.toThrow('greetings.word');
    await expect(startWithGreetings({ greetings: { word: 'admin' } })).rejects.toThrow('greetings.word is the name');
  });

  it('serves its routes with what its section says', async () => {
    const identity = await startWithGreetings({ greetings: { word: 'ahoy' } });
    expect(await (await call(identity, '/auth/greeting')).json()).toEqual({ word: 'ahoy' });
  });

  it('is named to everybody among those that are on', async () => {
    const answer = await call(await startWithGreetings(), '/auth/features');
    const { features: on } = (await answer.json()) as FeaturesAnswer;
    expect(on).toEqual(expect.arrayContaining(['passwords', 'secondFactor', 'greetings']));
    expect(
      on.filter((name) => ['apiKeys', 'firstPartyTokens', 'signInProviders', 'organizations'].includes(name)),
    ).toEqual([]);
  });

  it('writes its events, keeps its rows for as long as it says, and sends its mails', async () => {
    const { greet, deleteExpired } = await startWithGreetings();
    await (greet as (to: string) => Promise<void>)(email);
    const { records } = database;
    expect(await records.findMany({ model: 'sallyportEvent' })).toMatchObject([
      { type: 'greeting.sent', details: '{"word":"hello"}' },
    ]);
    await expect
      .poll(async () => (await mailbox.app.request(`/messages?to=${email}`)).json())
      .toMatchObject([
        { kind: 'greeting', subject: 'localhost greets you', links: ['http://localhost:3000/auth/security'] },
      ]);
    expect(await deleteExpired(new Date(at.getTime() + 60_000))).toBe(0);
    expect(await records.count({ model })).toBe(1);
    expect(await deleteExpired(new Date(at.getTime() + 60_001))).toBe(1);
    expect(await records.count({ model })).toBe(0);
  });

  it('asks for more at sign-in, and no session is made', async () => {
    const identity = await startWithGreetings();
    const { accounts } = identity as unknown as { readonly accounts: { createUser(user: object): Promise<unknown> } };
    await accounts.createUser({
      name: 'Robin Doe',
      email,
      password: goodPassword,
      roles: ['user'],
      emailVerified: true,
    });
    const answer = await call(identity, '/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: goodPassword }),
    });
    expect(await answer.json()).toMatchObject({ status: 'second-factor-required', methods: ['greeting'] });
    expect(await database.records.count({ model: 'sallyportSession' })).toBe(0);
  });
});

describe('a list of features', () => {
  const authenticator = (kind: CredentialKind): Authenticator => ({
    kind,
    recognize: () => undefined,
    authenticate: () => ({ kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'unknown' }),
    recheck: () => Promise.resolve(null),
  });

  it('offers the authenticators of its features in their order, and declares their kinds', () => {
    const [key, bearer] = [authenticator('api-key'), authenticator('bearer')];
    const both = composeFeatures([
      { name: 'a', credential: 'api-key', create: () => ({ authenticator: key }) },
      { name: 'b', create: () => ({}) },
      { name: 'c', credential: 'bearer', create: () => ({ authenticator: bearer }) },
    ]);
    expect(both.credentialsOf({})).toEqual(['api-key', 'bearer']);
    expect(both.create({} as IdentityKernel, {}).authenticators).toEqual([key, bearer]);
  });

  it('recognizes the one kind that a section chooses of several', () => {
    const [bearer, opaque] = [authenticator('bearer'), authenticator('opaque')];
    const config = z.enum(['bearer', 'opaque']).optional();
    const either = (built: Authenticator) =>
      composeFeatures([
        {
          name: 'tokens',
          config,
          credential: ['bearer', 'opaque'],
          isEnabled: (kind) => kind !== undefined,
          credentialOf: (kind) => (kind === 'opaque' ? 'opaque' : 'bearer'),
          create: (_kernel, kind) => (kind === undefined ? {} : { authenticator: built }),
        },
      ]);
    const set = either(opaque);
    expect([{}, { tokens: 'bearer' }, { tokens: 'opaque' }].map((sections) => set.credentialsOf(sections))).toEqual([
      [],
      ['bearer'],
      ['opaque'],
    ]);
    expect(set.create({} as IdentityKernel, { tokens: 'opaque' }).authenticators).toEqual([opaque]);
    expect(set.create({} as IdentityKernel, {}).authenticators).toEqual([]);
    for (const wrong of [bearer, authenticator('mtls')])
      expect(() => either(wrong).create({} as IdentityKernel, { tokens: 'opaque' })).toThrow(
        'declares another credential',
      );
  });

  it('is not built with a feature that recognizes another kind than it declares', () => {
    const create = (): BuiltFeature => ({ authenticator: authenticator('opaque') });
    for (const odd of [{ name: 'a', create }, { name: 'a', credential: 'bearer', create } as const])
      expect(() => composeFeatures([odd]).create({} as IdentityKernel, {})).toThrow('declares another credential');
    const without = composeFeatures([{ name: 'a', credential: 'bearer', create: () => ({}) }]);
    expect(() => without.create({} as IdentityKernel, {})).toThrow('declares another credential');
  });

  it('names those that are on with the sections and the policy', () => {
    const named = (name: string, more: Partial<Feature> = {}): Feature => ({ name, create: () => ({}), ...more });
    const set = composeFeatures([
      named('always'),
      named('off', { isEnabled: () => false }),
      named('ofOwners', { isOfferedBy: ({ organizationRoles = {} }) => Object.hasOwn(organizationRoles, 'owner') }),
    ]);
    expect(set.enabledWith({}, testPolicy)).toEqual(['always']);
    expect(set.enabledWith({}, { ...testPolicy, organizationRoles: { owner: [] } })).toEqual(['always', 'ofOwners']);
  });

  it('has no two features that declare an event, a mail, a command, a section or a credential of one name', () => {
    expect(() => composeFeatures([greetingFeature, greetingFeature])).toThrow('two features declare greetings');
    expect(() =>
      composeFeatures([
        { ...greetingFeature, name: 'a' },
        { ...greetingFeature, name: 'b' },
      ]),
    ).toThrow('two features declare greeting.sent');
    expect(() =>
      composeFeatures([
        { name: 'a', commands: [greetCommand], create: () => ({}) },
        { name: 'b', commands: [greetCommand], create: () => ({}) },
      ]),
    ).toThrow('two features declare greetings send');
    expect(() =>
      composeFeatures([
        { name: 'a', credential: 'mtls', create: () => ({}) },
        { name: 'b', credential: 'mtls', create: () => ({}) },
      ]),
    ).toThrow('two features declare mtls');
  });
});
