import { ConfigurationError, type ConfigurationProblem } from '@sallyport/server';
import { topology, upstreamVariable, type UpstreamName } from './topology.ts';

/** What the demo takes from the environment, beside what a gateway does. */
export interface DemoEnvironment {
  /** Where each zone and service is. */
  readonly originOf: (name: UpstreamName) => string;
  readonly mailboxPort: number | undefined;
  /** Where services reach the internal listener, when that is not its own address: a load balancer in front of two. */
  readonly internalUrl: string | undefined;
  /** The outside provider, where `npm start` runs it. */
  readonly acmeSso: { readonly issuer: string; readonly clientSecret: string } | undefined;
  /** Lifetime that tests shorten. */
  readonly sessionIdleSeconds: number | undefined;
  /** Roles that demand a second factor. */
  readonly secondFactorRoles: readonly string[];
  /** Origins whose scripts may get tokens and call services with them: the page of `examples/spa-client` unless said. */
  readonly tokenOrigins: readonly string[];
  /** Hosts of OAuth clients on this machine, such as `localhost:3100`: with any there is a provider, and zones take tokens. */
  readonly oauthClientHosts: readonly string[];
}

/** @throws ConfigurationError that names every variable that is wrong, and none of their values. */
export function readDemoEnvironment(variables: Readonly<Record<string, string | undefined>>): DemoEnvironment {
  const problems: ConfigurationProblem[] = [];
  const text = (name: string): string | undefined => (variables[name] === '' ? undefined : variables[name]);
  const integer = (name: string, maximum: number): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (/^\d{1,9}$/.test(value) && Number(value) <= maximum) return Number(value);
    problems.push({ key: name, problem: `must be a whole number from 0 to ${maximum}` });
    return undefined;
  };
  const origins = new Map(
    topology.map(({ name, port }) => [name, text(upstreamVariable(name)) ?? `http://127.0.0.1:${port}`]),
  );
  const environment: DemoEnvironment = {
    originOf: (name) => origins.get(name) ?? '',
    mailboxPort: integer('DEMO_MAILBOX_PORT', 65_535),
    internalUrl: text('DEMO_INTERNAL_URL'),
    acmeSso: acmeSsoOf(text('DEMO_ACME_SSO_ISSUER'), text('DEMO_ACME_SSO_CLIENT_SECRET')),
    sessionIdleSeconds: integer('DEMO_SESSION_IDLE_SECONDS', 999_999_999),
    secondFactorRoles: wordsOf(text('DEMO_SECOND_FACTOR_ROLES') ?? ''),
    tokenOrigins: wordsOf(text('DEMO_TOKEN_ORIGINS') ?? 'http://localhost:5173'),
    oauthClientHosts: wordsOf(text('DEMO_OAUTH_CLIENT_HOSTS') ?? ''),
  };
  if (problems.length > 0) throw new ConfigurationError('demo mode', problems);
  return environment;
}

function acmeSsoOf(issuer: string | undefined, clientSecret: string | undefined): DemoEnvironment['acmeSso'] {
  return issuer === undefined || clientSecret === undefined ? undefined : { issuer, clientSecret };
}

function wordsOf(list: string): readonly string[] {
  return list.split(/[,\s]+/).filter((word) => word !== '');
}
