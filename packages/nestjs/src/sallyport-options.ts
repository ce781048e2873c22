import {
  OptionsError,
  internalIssuerPath,
  isLoopbackHost,
  problemOfSharedSecrets,
  type createLocalKeySource,
  type Logger,
  type SignatureAlgorithm,
} from '@sallyport/core';
import { findPolicyProblems, type AnyPolicy, type DecisionPoint } from '@sallyport/policy';
import type { AuditPort } from './audit/audit-port.ts';
import type { LibraryController } from './access/library-controllers.ts';
import { problemOfCertificates, type CertificatesOptions } from './certificates/certificates-options.ts';
import { problemOfRequestUser, type RequestUserOption } from './request-user.ts';
import { problemOfMessages, type MessageOptions } from './messages/message-options.ts';
import { problemOfServices, type ServicesOptions } from './services/services-options.ts';
import { problemOfIntrospection, type IntrospectionOptions } from './introspection-options.ts';

/** How a service recognises the tokens that the gateway makes for it. */
export interface SallyportOptions {
  /** Issuer of internal tokens: `<publicUrl>/internal`. */
  readonly issuer: string;
  /** The name of this service, as its route at the gateway says. */
  readonly audience: string;
  /** Address of the gateway's keys, on its internal listener: `<internalUrl>/internal/.well-known/jwks.json`. */
  readonly keysUrl?: string;
  /** The public keys themselves, instead of `keysUrl`: for tests. */
  readonly keys?: Parameters<typeof createLocalKeySource>[0];
  /**
   * The secret that the gateway signs with (its SALLYPORT_TOKEN_SECRET), instead of `keysUrl`: one, or two with a comma or a
   * line break between while it is being changed. Tokens are HS256 then, and nothing else is accepted. A holder of
   * the secret can make tokens for every service and any user: prefer keys.
   */
  readonly sharedSecretInsteadOfKeys?: string;
  /** Each key is bound to the one algorithm that it is published with. @default ['ES256', 'EdDSA', 'RS256'] */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** @default 5 */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens are remembered; 0 verifies each token each time. @default 10000 */
  readonly cacheSize?: number;
  /**
   * Asks the gateway about access tokens of programs, which come to this service past the gateway: for a service without
   * one in front. Without `keysUrl` every token is asked about; with it, internal tokens are verified by their keys.
   * @default tokens of programs are refused
   */
  readonly introspection?: IntrospectionOptions;
  /**
   * Subscribes to the revocations of the gateway, so that a token dies within a second of a sign-out, a ban or a change of
   * roles, and not when it expires. `{}` is enough. @default not subscribed
   */
  readonly revocations?: RevocationOptions;
  /**
   * Client certificates that this service looks at itself: mutual TLS, or `Client-Cert` of a declared proxy.
   * @default none: a handler with `@MutualTls` stops the start, and tokens that are bound to a certificate are refused
   */
  readonly certificates?: CertificatesOptions;
  /** How WebSockets and GraphQL subscriptions end, which are verified when they are opened. */
  readonly connections?: ConnectionOptions;
  /** How `SallyportServices` and `MessageSealer` call others for the user of a request. @default the origin of `keysUrl` */
  readonly services?: ServicesOptions;
  /** How messages are taken that were sealed for this service. @default once, and until their token expires */
  readonly messages?: MessageOptions;
  /** Where `ProviderTokens` gets tokens of identity providers. @default the origin of `keysUrl` */
  readonly providerTokens?: ProviderTokensOptions;
  /**
   * Access of controllers that libraries bring, whose source cannot be decorated. One that the application does not have
   * stops the start. @default none
   */
  readonly libraryControllers?: readonly LibraryController[];
  /**
   * The policy that `definePolicy` of `@sallyport/policy` made, which `@CheckPolicies`, `@AccessConditions`, `@MaskFields` and
   * `SallyportAccess` ask. @default none: such a handler stops the start
   */
  readonly policy?: AnyPolicy;
  /**
   * What decides about records in place of the rules of `policy`, such as `createOpaDecisionPoint` of `@sallyport/policy/opa`:
   * `@CheckPolicies` and `SallyportAccess.decide` ask it. Filters, masks and everything else of `SallyportAccess` go by
   * `policy`, which is mandatory with it. @default none: `policy` decides
   */
  readonly decisionPoint?: DecisionPoint;
  /** Where handlers with `@Audited` write what they did. @default none: such a handler stops the start */
  readonly audit?: AuditPort;
  /**
   * How exceptions of the application leave, those of Nest, its pipes and its body parsers among them: as Nest writes them
   * (`'passthrough'`), or as problem+json of which all that they say is part (`'problem'`). Errors of ours and those that
   * were not foreseen are problem+json in either case. @default 'passthrough'
   */
  readonly errors?: 'passthrough' | 'problem';
  /**
   * Writes the caller into `request.user` as well, for handlers and guards that look there: the principal (`true`), an
   * object of members such as `{ userId: 'id', email: 'email', role: 'role' }`, or what a function makes of the principal.
   * `email` and `name` are there where the route has `profile: true`. @default `request.user` is left alone
   */
  readonly requestUser?: RequestUserOption;
  /** Origin whose `/errors/<code>` explains an error. @default the origin of the issuer */
  readonly documentationOrigin?: string;
  /** @default the logger of Nest */
  readonly logger?: Logger;
  /**
   * Lets `keysUrl`, the stream of revocations, `providerTokens.url`, `services.url` and `introspection.url` be plain http away from loopback. An attacker who can change packets on
   * that network can then sign in as any user: only for a network that is private to these processes. @default false
   */
  readonly allowPlainHttpKeysOnPrivateNetwork?: boolean;
}

/** How a service hears of revocations. */
export interface RevocationOptions {
  /** Address of the stream. @default `/internal/revocations` at the origin of `keysUrl` */
  readonly url?: string;
  /**
   * What becomes of a token while it is not certain that every revocation was heard: accepted, because it expires within
   * the minute anyway, or answered with 503 `SP_SERVICE_UNAVAILABLE`. @default 'accept'
   */
  readonly onGap?: 'accept' | 'refuse';
}

/** How connections end that live on after they were verified. */
export interface ConnectionOptions {
  /**
   * `token`: a connection ends when the token expires with which it was opened; a client connects again with a fresh one.
   * `gateway`: the gateway in front ends it with its session, and the end of a token, which lives for a minute, ends
   * nothing. Only where nothing but the gateway reaches this service; a revocation that is heard ends a connection at once
   * either way. @default 'token'
   */
  readonly endedBy?: 'token' | 'gateway';
}

/** How a service gets tokens of identity providers. */
export interface ProviderTokensOptions {
  /** Address of the internal listener of the gateway: `<internalUrl>`. @default the origin of `keysUrl` */
  readonly url?: string;
  /** How long the gateway may take, which may have to ask the provider. 100 to 60000. @default 15000 */
  readonly timeoutMilliseconds?: number;
}

const algorithms: readonly unknown[] = ['ES256', 'EdDSA', 'Ed25519', 'RS256'] satisfies readonly SignatureAlgorithm[];

const checks: {
  readonly [Key in keyof Required<SallyportOptions>]: (value: unknown, all: SallyportOptions) => string | undefined;
} = {
  issuer: (value) => {
    if (isHttpUrl(value)) return undefined;
    return `must be a URL: <publicUrl>${internalIssuerPath}`;
  },
  audience: (value) =>
    typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value)
      ? undefined
      : 'must be the name of this service as its route at the gateway says, such as "shop"',
  keysUrl: (value, all) => {
    const isNeeded =
      all.keys === undefined && all.sharedSecretInsteadOfKeys === undefined && all.introspection === undefined;
    if (value === undefined) return isNeeded ? 'is missing: give keysUrl, or keys in a test' : undefined;
    if (all.keys !== undefined) return 'and keys are both given: keep one';
    if (!isHttpUrl(value)) return 'must be a URL: <internalUrl>/internal/.well-known/jwks.json';
    if (isSafelyFetched(value) || all.allowPlainHttpKeysOnPrivateNetwork === true) return undefined;
    return 'must be https away from loopback, or set allowPlainHttpKeysOnPrivateNetwork';
  },
  keys: (value) => (value === undefined || isPublicKeySet(value) ? undefined : 'must be a set of public keys only'),
  sharedSecretInsteadOfKeys: (value, all) => {
    if (value === undefined) return undefined;
    if (all.keysUrl !== undefined || all.keys !== undefined) return 'and keys are both given: keep one';
    if (all.algorithms !== undefined) return 'goes with HS256 only: remove algorithms';
    return typeof value === 'string' ? problemOfSharedSecrets(value) : 'must be a text';
  },
  algorithms: (value) =>
    value === undefined ||
    (Array.isArray(value) && value.length > 0 && value.every((one: unknown) => algorithms.includes(one)))
      ? undefined
      : `must be a list of ${algorithms.join(', ')}`,
  clockToleranceSeconds: (value) => (isWithin(value, 0, 60) ? undefined : 'must be a number from 0 to 60'),
  cacheSize: (value) => (isWithin(value, 0, 1_000_000) ? undefined : 'must be a number from 0 to 1000000'),
  revocations: (value, all) => {
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) return 'must be an object, such as {}';
    const { url, onGap, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
    if (Object.keys(others).length > 0) return 'has members that are not options';
    if (onGap !== undefined && onGap !== 'accept' && onGap !== 'refuse') return 'onGap must be accept or refuse';
    if (url === undefined) return all.keysUrl === undefined ? 'needs a url where there is no keysUrl' : undefined;
    if (!isHttpUrl(url)) return 'url must be a URL: <internalUrl>/internal/revocations';
    if (isSafelyFetched(url) || all.allowPlainHttpKeysOnPrivateNetwork === true) return undefined;
    return 'url must be https away from loopback, or set allowPlainHttpKeysOnPrivateNetwork';
  },
  connections: (value) => {
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) return 'must be an object';
    const { endedBy, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
    if (Object.keys(others).length > 0) return 'has members that are not options';
    return endedBy === undefined || endedBy === 'token' || endedBy === 'gateway'
      ? undefined
      : 'endedBy must be token or gateway';
  },
  providerTokens: (value, all) => {
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) return 'must be an object';
    const { url, timeoutMilliseconds, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
    if (Object.keys(others).length > 0) return 'has members that are not options';
    if (timeoutMilliseconds !== undefined && !isWithin(timeoutMilliseconds, 100, 60_000))
      return 'timeoutMilliseconds must be a number from 100 to 60000';
    if (url === undefined) return all.keysUrl === undefined ? 'needs a url where there is no keysUrl' : undefined;
    if (!isHttpUrl(url)) return 'url must be a URL: <internalUrl>';
    if (isSafelyFetched(url) || all.allowPlainHttpKeysOnPrivateNetwork === true) return undefined;
    return 'url must be https away from loopback, or set allowPlainHttpKeysOnPrivateNetwork';
  },
  services: (value, all) =>
    problemOfServices(
      value,
      all.keysUrl !== undefined,
      (url) => isSafelyFetched(url) || all.allowPlainHttpKeysOnPrivateNetwork === true,
    ),
  messages: problemOfMessages,
  introspection: (value, all) =>
    problemOfIntrospection(value, (url) => isSafelyFetched(url) || all.allowPlainHttpKeysOnPrivateNetwork === true),
  certificates: problemOfCertificates,
  libraryControllers: (value) => {
    if (value === undefined) return undefined;
    const isList = Array.isArray(value) && value.every(isLibraryController);
    return isList ? undefined : "must be a list such as [{ controller: MetricsController, access: Public('…') }]";
  },
  policy: (value) => {
    if (value === undefined) return undefined;
    const [problem] = findPolicyProblems(value);
    return problem === undefined ? undefined : `is none: ${problem.path.join('.')} ${problem.message}`;
  },
  decisionPoint: (value, all) => {
    if (value === undefined) return undefined;
    if (all.policy === undefined) return 'needs a policy, whose types and fields it is asked about';
    return typeof value === 'object' && value !== null && 'decide' in value ? undefined : 'must have the method decide';
  },
  audit: (value) => {
    const isPort = typeof value === 'object' && value !== null && 'record' in value;
    return value === undefined || isPort ? undefined : 'must have the method record';
  },
  errors: (value) =>
    value === undefined || value === 'passthrough' || value === 'problem'
      ? undefined
      : "must be 'passthrough' or 'problem'",
  requestUser: problemOfRequestUser,
  documentationOrigin: (value) => (value === undefined || isHttpUrl(value) ? undefined : 'must be a URL'),
  logger: (value) =>
    value === undefined || (typeof value === 'object' && value !== null && 'error' in value)
      ? undefined
      : 'must have the methods info, warn and error',
  allowPlainHttpKeysOnPrivateNetwork: (value) =>
    value === undefined || typeof value === 'boolean' ? undefined : 'must be true or false',
};

/**
 * Checks the options once, at the start. Unknown keys are refused: a mistyped option would otherwise be a silent default.
 *
 * @throws OptionsError that names every problem by key, never by value.
 */
export function requireSallyportOptions(options: SallyportOptions): SallyportOptions {
  const unknown = Object.keys(options).filter((key) => !Object.hasOwn(checks, key));
  const problems = [
    ...unknown.map((key) => `${key} is not an option`),
    ...Object.entries(checks).flatMap(([key, check]) => {
      const problem = check(Reflect.get(options, key), options);
      return problem === undefined ? [] : [`${key} ${problem}`];
    }),
  ];
  if (problems.length === 0) return options;
  throw new OptionsError(
    ['SallyportModule has bad options:', ...problems.map((problem) => `  - ${problem}`)].join('\n'),
  );
}

function isLibraryController(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('controller' in value) || !('access' in value)) return false;
  const { controller, access } = value;
  return (typeof controller === 'function' || typeof controller === 'string') && typeof access === 'function';
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);
}

function isSafelyFetched(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopbackHost(hostname);
}

/** A symmetric or private key in a set that anyone may read would let its readers sign. */
function isPublicKeySet(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false;
  return (
    value.keys.length > 0 &&
    value.keys.every(
      (key: unknown) => typeof key === 'object' && key !== null && 'kty' in key && key.kty !== 'oct' && !('d' in key),
    )
  );
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return value === undefined || (typeof value === 'number' && value >= least && value <= most);
}
