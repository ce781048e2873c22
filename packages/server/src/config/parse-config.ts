import {
  isLoopbackHost,
  nearestWord,
  problemsOfOrganizationRoles,
  selectPermissions,
  tokenPermission,
  type Route,
} from '@sallyport/core';
import { problemsOfMessageCallers, problemsOfRoutes, problemsOfUpstreamTls } from '@sallyport/gateway';
import { features } from '../features.ts';
import { problemsOfMtls } from './problems-of-mtls.ts';
import { problemsOfBrand } from '../brand/problems-of-brand.ts';
import { readBrandImages } from '../brand/read-brand-images.ts';
import { mountPlacesOf } from '../mount-places.ts';
import { applyRule } from './apply-rule.ts';
import { configSchema, type Config } from './config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.ts';
import { problemsOfMcpRoutes } from './problems-of-mcp-routes.ts';
import { problemsOfPages } from './problems-of-pages.ts';
import { problemsOfPolicy } from './problems-of-policy.ts';
import { problemsOfProviderTokens } from './problems-of-provider-tokens.ts';
import { readAsFarAsPossible, type ReadConfig } from './read-as-far-as-possible.ts';
import type { DataPath } from './watch-reads.ts';

/** What a configuration is, and all that is wrong with it. */
export interface SurveyedConfig extends ReadConfig {
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Checks a configuration.
 *
 * @param source where it was read from, for the message.
 * @param folder what the paths of images in it are relative to; they are read into it.
 * @throws ConfigurationError with all problems, by key and never by value.
 */
export function parseConfig(input: unknown, source: string, folder: string = process.cwd()): Config {
  const { config, problems } = surveyConfig(input, folder);
  if (config === undefined || problems.length > 0) throw new ConfigurationError(source, problems);
  return config;
}

/**
 * Looks for everything that is wrong with a configuration, also where parts of it cannot be read.
 *
 * @param unusable parts of which it is known that they say nothing.
 */
export function surveyConfig(input: unknown, folder: string, unusable: readonly DataPath[] = []): SurveyedConfig {
  const read = readAsFarAsPossible(input, unusable);
  if (read.config === undefined) return read;
  const { settings, problems: imageProblems } = readBrandImages(read.config.brand, folder);
  const config = { ...read.config, brand: settings };
  const without = [...read.unusable, ...imageProblems.map(({ key }) => key.split('.'))];
  const all = [...rules, ...config.routes.flatMap((_, index) => rulesOfRoute(index))];
  const problems = all.flatMap((rule) => applyRule(rule, config, without));
  return { config, problems: [...read.problems, ...problems, ...imageProblems], unusable: without };
}

type ConfigRule = (config: Config) => readonly ConfigurationProblem[];

/** What one part demands of another. Each is looked at alone. */
const rules: readonly ConfigRule[] = [
  (config) =>
    problemsOfRoutes(config.routes, mountPlacesOf(config), features.credentialsOf(config)).map((problem) => ({
      key: 'routes',
      problem,
    })),
  upstreamTlsProblems,
  problemsOfMtls,
  policyProblems,
  problemsOfPolicy,
  (config) => features.problemsOf(config, config.policy),
  keyProblems,
  tokenProblems,
  introspectionProblems,
  messageProblems,
  corsProblems,
  manageApiProblems,
  limitProblems,
  ...bindingRules(),
  problemsOfPages,
  problemsOfProviderTokens,
  problemsOfMcpRoutes,
  ({ brand }) => problemsOfBrand(brand),
];

function upstreamTlsProblems({ routes, upstreamTls, forwardAuth }: Config): ConfigurationProblem[] {
  const context = {
    hasCertificate: upstreamTls !== undefined,
    hasAuthorities: upstreamTls?.caFile !== undefined,
    hasForwardAuth: forwardAuth !== undefined,
  };
  return problemsOfUpstreamTls(routes, context).map((problem) => ({ key: 'routes', problem }));
}

function policyProblems({ policy }: Config): ConfigurationProblem[] {
  const permissions = Object.keys(policy.permissions);
  const { roles, organizationRoles = {} } = policy;
  const undeclaredOf = (section: string, held: Readonly<Record<string, readonly string[]>>): ConfigurationProblem[] =>
    Object.entries(held).flatMap(([role, names]) =>
      undeclared('permission', names, permissions, `policy.${section}.${role}`),
    );
  // The roles of an account are stored as one text: who has "shop admin" would be a "shop" and an "admin".
  const inTwo = Object.keys(roles).filter((role) => /\s/.test(role));
  return [
    ...inTwo.map((role) => ({
      key: `policy.roles.${role}`,
      problem: 'has a blank in its name, which parts two roles',
    })),
    ...undeclaredOf('roles', roles),
    ...undeclaredOf('organizationRoles', organizationRoles),
    ...problemsOfOrganizationRoles(organizationRoles).map(({ role, message }) => ({
      key: `policy.organizationRoles${role}`,
      problem: message,
    })),
  ];
}

function rulesOfRoute(index: number): readonly ConfigRule[] {
  const key = `routes.${index}.access`;
  const accessOf = ({ routes }: Config): Exclude<Route['access'], string> => {
    const access = routes[index]?.access ?? 'public';
    return typeof access === 'string' ? {} : access;
  };
  return [
    ({ routes, policy }) =>
      interestProblems(
        routes[index]?.permissions ?? [],
        Object.keys(policy.permissions),
        `routes.${index}.permissions`,
      ),
    (config) => undeclared('role', accessOf(config).roles ?? [], Object.keys(config.policy.roles), `${key}.roles`),
    (config) =>
      undeclared(
        'permission',
        accessOf(config).permissions ?? [],
        Object.keys(config.policy.permissions),
        `${key}.permissions`,
      ),
    ({ routes }) => roleProblems(routes[index], `${key}.roles`),
  ];
}

/** An interest that covers no permission would be believed, and leave the tokens without one. `*` waits for the first. */
function interestProblems(
  interests: readonly string[],
  permissions: readonly string[],
  key: string,
): ConfigurationProblem[] {
  return interests
    .filter((interest) => interest !== '*' && selectPermissions(permissions, [interest]).length === 0)
    .map((interest) => {
      if (!interest.endsWith(':*'))
        return { key, problem: `names the undeclared permission ${interest}${suggestion(interest, permissions)}` };
      const families = permissions.map((permission) => permission.replace(/:.*/, ':*'));
      return { key, problem: `has ${interest}, and no declared permission is one${suggestion(interest, families)}` };
    });
}

function undeclared(
  kind: 'role' | 'permission',
  names: readonly string[],
  declared: readonly string[],
  key: string,
): ConfigurationProblem[] {
  return names
    .filter((name) => !declared.includes(name))
    .map((name) => ({ key, problem: `names the undeclared ${kind} ${name}${suggestion(name, declared)}` }));
}

function suggestion(name: string, declared: readonly string[]): string {
  const nearest = nearestWord(name, declared);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** What says how keys are made and rotated would be believed, and do nothing. */
function keyProblems({ tokens, keys }: Config): ConfigurationProblem[] {
  if (!tokens.signWithSharedSecretInsteadOfKeyPairs) return [];
  const usual = configSchema.shape.keys.parse({});
  return (Object.keys(usual) as (keyof typeof usual)[]) // Its own keys.
    .filter((name) => keys[name] !== usual[name])
    .map((name) => ({
      key: `keys.${name}`,
      problem: 'has no effect with tokens.signWithSharedSecretInsteadOfKeyPairs: remove one of them',
    }));
}

/** A shared secret is known to services, and what verifies first-party JWTs is known to the gateway alone. */
function tokenProblems({ tokens, firstPartyTokens, oauthProvider }: Config): ConfigurationProblem[] {
  if (!tokens.signWithSharedSecretInsteadOfKeyPairs) return [];
  const problem =
    'needs key pairs: with tokens.signWithSharedSecretInsteadOfKeyPairs every service could make its tokens, for any user';
  return [
    ...(firstPartyTokens?.accessTokens === 'jwt'
      ? [{ key: 'firstPartyTokens', problem: `${problem}. accessTokens: "opaque" does without` }]
      : []),
    ...(oauthProvider === undefined ? [] : [{ key: 'oauthProvider', problem }]),
  ];
}

/** What no service could ever ask, or be told. */
function introspectionProblems({
  introspection,
  firstPartyTokens,
  oauthProvider,
  apiKeys,
  policy,
}: Config): ConfigurationProblem[] {
  if (introspection === undefined) return [];
  const key = 'introspection';
  const held = Object.values(policy.roles).flat();
  return [
    ...(firstPartyTokens === undefined && oauthProvider === undefined
      ? [{ key, problem: 'needs firstPartyTokens or oauthProvider: there are no tokens to ask about' }]
      : []),
    ...(apiKeys === undefined ? [{ key, problem: 'needs apiKeys: a service is known by its key' }] : []),
    ...Object.entries(introspection.services).flatMap(([audience, { permissions }]) => {
      const permission = tokenPermission(audience, 'introspect');
      return [
        ...interestProblems(permissions, Object.keys(policy.permissions), `${key}.services.${audience}.permissions`),
        ...(held.includes(permission)
          ? []
          : [
              {
                key: `${key}.services.${audience}`,
                problem: `could not ask: no role of the policy holds ${permission}`,
              },
            ]),
      ];
    }),
  ];
}

/** A caller that has no token could never send, and an interest in no permission leaves the tokens without one. */
function messageProblems({ messages, routes, policy }: Config): ConfigurationProblem[] {
  if (messages === undefined) return [];
  const key = 'messages.consumers';
  return [
    ...problemsOfMessageCallers(messages, routes).map(({ consumer, problem }) => ({
      key: `${key}.${consumer}.callers`,
      problem,
    })),
    ...Object.entries(messages.consumers).flatMap(([consumer, { permissions }]) =>
      interestProblems(permissions, Object.keys(policy.permissions), `${key}.${consumer}.permissions`),
    ),
  ];
}

/** Sites that may get tokens, where there are none to get, would be believed, and nothing would be answered to them. */
function corsProblems({ cors, firstPartyTokens, oauthProvider }: Config): ConfigurationProblem[] {
  if (cors.tokenOrigins.length === 0 || firstPartyTokens !== undefined || oauthProvider !== undefined) return [];
  const problem = 'names sites that may get tokens, and there are none: add firstPartyTokens or oauthProvider';
  return [{ key: 'cors.tokenOrigins', problem }];
}

/** Only keys open these: without them they would be believed to be there, and let no one in. */
function manageApiProblems({ administration, oauthProvider, apiKeys }: Config): ConfigurationProblem[] {
  if (apiKeys !== undefined) return [];
  const problem = 'takes API keys of service accounts alone: add apiKeys, or remove it';
  return [
    ...(administration.usersApi === undefined ? [] : [{ key: 'administration.usersApi', problem }]),
    ...(oauthProvider?.clients.api === undefined ? [] : [{ key: 'oauthProvider.clients.api', problem }]),
  ];
}

/** A limit by key where no request has one would be believed, and do nothing. */
function limitProblems({ limits, routes }: Config): ConfigurationProblem[] {
  const takesKeys = ({ credentials }: Config['routes'][number]): boolean => credentials.includes('api-key');
  const lists = [
    { key: 'limits.requests', list: limits.requests, hasKeys: routes.some(takesKeys), where: 'no route accepts' },
    { key: 'limits.authRequests', list: limits.authRequests, hasKeys: false, where: '/auth never accepts' },
    ...routes.map((route, index) => ({
      key: `routes.${index}.limits.requests`,
      list: route.limits?.requests ?? [],
      hasKeys: takesKeys(route),
      where: 'the route does not accept',
    })),
  ];
  return lists.flatMap(({ key, list, hasKeys, where }) =>
    list.flatMap(({ per }, index) =>
      per === 'key' && !hasKeys
        ? [{ key: `${key}.${index}.per`, problem: `cannot be "key": ${where} API keys ("api-key" in credentials)` }]
        : [],
    ),
  );
}

/** A key carries permissions alone: a role would be asked of it in vain. */
function roleProblems(route: Route | undefined, key: string): ConfigurationProblem[] {
  if (route?.credentials.includes('api-key') !== true) return [];
  if (typeof route.access === 'string' || route.access.roles === undefined) return [];
  const problem = 'asks for roles, which no API key has: ask for permissions, or leave "api-key" out of credentials';
  return [{ key, problem }];
}

function bindingRules(): readonly ConfigRule[] {
  const isSecure = ({ publicUrl }: Config): boolean => publicUrl.startsWith('https:');
  return [
    (config) =>
      config.tls !== undefined && !isSecure(config)
        ? [{ key: 'publicUrl', problem: 'must be https when tls is configured' }]
        : [],
    (config) =>
      config.listen.redirectFrom !== undefined && !isSecure(config)
        ? [{ key: 'listen.redirectFrom', problem: 'leads to https, and publicUrl is http; remove it' }]
        : [],
    // Passwords and cookies would cross that network in clear, and any host on it could claim to be any client.
    (config) =>
      !isLoopbackAddress(config.listen.host) &&
      config.tls === undefined &&
      config.trustedProxies.length === 0 &&
      isSecure(config)
        ? [
            {
              key: 'listen.host',
              problem:
                'is open to the network without TLS: configure tls, or list the addresses of the proxy in front in trustedProxies, or bind to 127.0.0.1',
            },
          ]
        : [],
  ];
}

function isLoopbackAddress(host: string): boolean {
  return isLoopbackHost(host.toLowerCase());
}
