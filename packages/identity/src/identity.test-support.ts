import type { DatabaseSync } from 'node:sqlite';
import {
  anonymous,
  definePolicy,
  type BusMessage,
  type Caller,
  type InvalidationBus,
  type RotatingKeyRing,
  type LogFields,
  type Records,
  type SessionStore,
} from '@sallyport/core';
import {
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  storeTables,
} from '@sallyport/stores';
import { openCleanDatabase } from './database/clean-database.test-support.ts';
import { openIdentityDatabase } from './database.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import { hasRaces, titleOn, type DatabaseKind } from './database/test-database.test-support.ts';
import type { FeatureSet } from './feature-set.ts';
import { features } from './features.ts';
import { cheapHashing } from './hashing/in-process-hashing.test-support.ts';
import type { HashingThreads } from './hashing/hashing-threads.ts';
import { createIdentityWith, type Identity, type IdentityOptions } from './identity.ts';
import { createDevelopmentMailbox } from './mail/development-mailbox.ts';

/** What identity answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  /** The value of our cookie when the answer sets one; an empty text when it clears it. */
  readonly cookie: string | undefined;
  /** The same of the cookie of a pending sign-in. */
  readonly pending: string | undefined;
}

export interface RequestOptions {
  readonly caller?: Caller;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of JSON. */
  readonly rawBody?: string | Uint8Array;
}

export interface Arrived {
  readonly to: string;
  readonly kind: string;
  readonly links: readonly string[];
  readonly channel: 'email' | 'sms';
  readonly code: string | null;
}

/** Identity on a real database, with a clock that the test moves. */
export interface Harness {
  readonly identity: Identity;
  readonly database: IdentityDatabase;
  /** The embedded database itself. Throws on any other. */
  readonly sqlite: DatabaseSync;
  /** The file of the embedded database. */
  readonly file: string;
  /** Everything that is stored, as text. */
  readonly dump: () => Promise<string>;
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly keyRing: RotatingKeyRing | undefined;
  readonly heard: readonly BusMessage[];
  readonly logLines: readonly string[];
  readonly now: () => Date;
  readonly advance: (seconds: number) => void;
  readonly call: (method: string, path: string, body?: unknown, options?: RequestOptions) => Promise<Answer>;
  /** Messages to an address, newest first, once there are this many. */
  readonly mailTo: (address: string, count: number) => Promise<readonly Arrived[]>;
  /** The token of the newest link in the mail of this kind. */
  readonly linkToken: (address: string, kind: string, count?: number) => Promise<string>;
  /** Makes a verified account. */
  readonly makeUser: (email: string, roles?: readonly string[]) => Promise<string>;
  /** Signs in, and resolves to who the gateway would say is calling, with the raw token. */
  readonly signIn: (email: string, options?: RequestOptions) => Promise<{ caller: Caller; token: string; sid: string }>;
  readonly events: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly close: () => Promise<void>;
}

/** The only version of the root secret that the harness starts with. */
export const firstSecret = { version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' };

/** A password that the rules accept. */
export const goodPassword = 'violet-kettle-marches-north-7';

export const testPolicy = definePolicy({
  permissions: { 'product:read': 'Look at products', 'user:manage': 'Change the roles of people' },
  roles: { user: ['product:read'], vendor: ['product:read'], admin: ['product:read', 'user:manage'] },
});

let databaseKind: DatabaseKind = 'sqlite';

let isRaceable = true;

/** Makes every harness of this test file run on another database. */
export async function useDatabase(kind: DatabaseKind): Promise<void> {
  databaseKind = kind;
  isRaceable = await hasRaces(kind);
}

/** Whether the server updates conditionally in one step, so that a race proves something. */
export function canRace(): boolean {
  return isRaceable;
}

/**
 * How often a race is run: a third of it on a database server in the tests of every day, whose rounds take seconds there; all
 * of it on the embedded database, and with `--all`.
 */
export function roundsOf(count: number): number {
  // oxlint-disable-next-line node/no-process-env -- `npm test` says which scope it runs
  return isEmbedded() || process.env['TEST_SCOPE'] !== 'everyday' ? count : Math.ceil(count / 3);
}

/** Whether the tests of this file run on the embedded database. */
export function isEmbedded(): boolean {
  return databaseKind === 'sqlite';
}

/** The title of a group of tests, with the database that they run on. */
export function onDatabase(title: string): string {
  return titleOn(title, databaseKind);
}

export interface HarnessOptions extends Partial<IdentityOptions> {
  /** What hashes passwords and recovery codes. @default at the least cost, in this process */
  readonly hashingThreads?: HashingThreads;
  /** Features beside those of identity, with their tables. @default those of identity alone */
  readonly featureSet?: FeatureSet;
  /** Each write is durable at once, as on a MongoDB that is no replica set. @default what the database has */
  readonly withoutTransactions?: boolean;
  /** What signs tokens, on the database of the test. @default nothing does */
  readonly makeKeyRing?: (records: Records) => Promise<RotatingKeyRing>;
}

/** Builds identity on an empty database. */
export async function startHarness({
  makeKeyRing,
  featureSet = features,
  withoutTransactions = false,
  ...options
}: HarnessOptions = {}): Promise<Harness> {
  const opened = await openCleanDatabase(databaseKind);
  let clock = Date.now();
  const now = (): Date => new Date(clock);
  const whole = await openIdentityDatabase({
    database: opened.handle,
    tables: [...storeTables, ...tablesBeside(featureSet)],
  });
  const database: IdentityDatabase = withoutTransactions
    ? { ...whole, hasTransactions: false, transaction: (work) => work() }
    : whole;
  const sessions = createRecordSessionStore(database.records);
  const bus = createInProcessBus();
  const heard: BusMessage[] = [];
  const mailbox = createDevelopmentMailbox({ now });
  const logLines: string[] = [];
  const keyRing = await makeKeyRing?.(database.records);
  const log = (message: string, fields: LogFields) => void logLines.push(`${message} ${JSON.stringify(fields)}`);
  const identity = (await createIdentityWith(featureSet, {
    publicUrl: 'http://localhost:3000',
    database,
    sessions,
    sealerFor: createSealer([firstSecret]),
    bus,
    ...(keyRing === undefined ? {} : { keyRing }),
    counters: createInProcessCounters({ now }),
    mailer: mailbox.mailer,
    policy: testPolicy,
    answerFloorMilliseconds: 0,
    // On a crowded machine a hundred hashes take long, and that is not what tests are about.
    hashing: { maxWaitingOfOne: 256, maxWaitSeconds: 60 },
    logger: { info: log, warn: log, error: log },
    now,
    hashingThreads: cheapHashing,
    ...options,
  })) as Identity; // As `createIdentity` does, which has no such threads.
  // The start of an empty database announces its roles; tests are about what comes after.
  bus.subscribe((message) => void heard.push(message));

  const call: Harness['call'] = async (method, path, body, request = {}) => {
    const { caller = anonymous, address = '203.0.113.7', headers = {}, rawBody } = request;
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const sent = new Request(`http://localhost:3000${path}`, {
      method,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const context = { requestId: 'req-test', clientAddress: address, caller };
    const answer = await identity.app.fetch(sent, { context });
    const text = await answer.text();
    const cookieOf = (name: RegExp) => answer.headers.getSetCookie().flatMap((line) => name.exec(line)?.[1] ?? [])[0];
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      cookie: cookieOf(/^(?:__Host-sallyport|sallyport-\d+)=([^;]*)/),
      pending: cookieOf(/^(?:__Host-sallyport|sallyport-\d+)-pending=([^;]*)/),
    };
  };

  const mailTo: Harness['mailTo'] = async (address, count) => {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await mailbox.app.request(`/messages?to=${encodeURIComponent(address)}`);
      const messages = (await answer.json()) as Arrived[];
      if (messages.length >= count || attempt === 500) return messages;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  return {
    identity,
    database,
    get sqlite() {
      if (opened.handle.kind !== 'sqlite') throw new TypeError('this test runs on another database');
      return opened.handle.database;
    },
    get file() {
      return opened.address;
    },
    dump: opened.dump,
    sessions,
    bus,
    keyRing,
    heard,
    logLines,
    now,
    advance: (seconds) => void (clock += seconds * 1000),
    call,
    mailTo,
    async linkToken(address, kind, count = 1) {
      const message = (await mailTo(address, count)).find((arrived) => arrived.kind === kind);
      return new URL(message?.links[0] ?? 'missing:').searchParams.get('token') ?? '';
    },
    async makeUser(email, roles = ['user']) {
      const account = { name: 'Robin Doe', email, password: goodPassword, roles, emailVerified: true };
      return (await identity.accounts.createUser(account)).id;
    },
    async signIn(email, request = {}) {
      const answer = await call('POST', '/auth/sign-in/email', { email, password: goodPassword }, request);
      const token = answer.cookie ?? '';
      const session = await identity.directory.byToken(token);
      if (session === null) throw new Error(`sign-in failed: ${answer.text}`);
      return { caller: session.principal, token, sid: session.principal.sid };
    },
    events: () =>
      database.records.findMany<Record<string, unknown>>({
        model: 'sallyportEvent',
        sortBy: { field: 'at', direction: 'asc' },
      }),
    async close() {
      await identity.close();
      await opened.close();
    },
  };
}

/** The tables of a set that identity does not make by itself. */
function tablesBeside(set: FeatureSet): FeatureSet['tables'] {
  const own = new Set(features.tables.map(({ model }) => model));
  return set.tables.filter(({ model }) => !own.has(model));
}
