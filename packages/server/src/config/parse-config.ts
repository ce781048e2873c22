import { isLoopbackHost, nearestWord, selectPermissions } from '@sallyport/core';
import { problemsOfRoutes } from '@sallyport/gateway';
import { features } from '@sallyport/identity';
import type * as z from 'zod';
import { problemsOfBrand } from '../brand/problems-of-brand.ts';
import { readBrandImages } from '../brand/read-brand-images.ts';
import { mountPlaces } from '../mount-places.ts';
import { configSchema, type Config } from './config-schema.ts';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.ts';
import { problemsOfPages } from './problems-of-pages.ts';

/** Names of keys in earlier versions, and what they are called now. */
const renamedKeys: ReadonlyMap<string, string> = new Map([
  ['amount', 'max'],
  ['maximumFailures', 'maxFailures'],
  ['maximumPerUser', 'maxPerUser'],
  ['maximumWaitSeconds', 'maxWaitSeconds'],
  ['maximumWaiting', 'maxWaiting'],
  ['maximumWaitingOfOne', 'maxWaitingOfOne'],
  ['minimumLength', 'minLength'],
]);

/**
 * Checks a configuration.
 *
 * @param source where it was read from, for the message.
 * @param folder what the paths of images in it are relative to; they are read into it.
 * @throws ConfigurationError with all problems, by key and never by value.
 */
export function parseConfig(input: unknown, source: string, folder: string = process.cwd()): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw new ConfigurationError(source, result.error.issues.flatMap(toProblems));
  const { settings, problems: imageProblems } = readBrandImages(result.data.brand, folder);
  const problems = [
    ...problemsOfRoutes(result.data.routes, mountPlaces, features.credentials).map((problem) => ({
      key: 'routes',
      problem,
    })),
    ...policyProblems(result.data),
    ...features.problemsOf(result.data, result.data.policy),
    ...keyProblems(result.data),
    ...limitProblems(result.data),
    ...bindingProblems(result.data),
    ...problemsOfPages(result.data),
    ...problemsOfBrand(settings),
    ...imageProblems,
  ];
  if (problems.length > 0) throw new ConfigurationError(source, problems);
  return { ...result.data, brand: settings };
}

function toProblems(issue: z.core.$ZodIssue): ConfigurationProblem[] {
  const key = issue.path.map(String).join('.') || '(file)';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => ({
      key: key === '(file)' ? unknown : `${key}.${unknown}`,
      problem: renamedKeys.has(unknown)
        ? `is now called "${renamedKeys.get(unknown)}"`
        : 'is not a key of the configuration; remove it or correct its spelling',
    }));
  }
  return [{ key, problem: issue.message }];
}

function policyProblems({ policy, routes }: Config): ConfigurationProblem[] {
  const permissions = Object.keys(policy.permissions);
  const roles = Object.keys(policy.roles);
  const problems: ConfigurationProblem[] = [];
  for (const [role, held] of Object.entries(policy.roles))
    problems.push(...undeclared('permission', held, permissions, `policy.roles.${role}`));
  routes.forEach((route, index) => {
    problems.push(...interestProblems(route.permissions, permissions, `routes.${index}.permissions`));
    if (typeof route.access === 'string') return;
    const key = `routes.${index}.access`;
    problems.push(...undeclared('role', route.access.roles ?? [], roles, `${key}.roles`));
    problems.push(...undeclared('permission', route.access.permissions ?? [], permissions, `${key}.permissions`));
  });
  return problems;
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

/** The gateway counts by key, but no request has one yet: such a limit would be believed, and do nothing. */
function limitProblems({ limits, routes }: Config): ConfigurationProblem[] {
  const lists = [
    { key: 'limits.requests', list: limits.requests },
    { key: 'limits.authRequests', list: limits.authRequests },
    ...routes.map((route, index) => ({ key: `routes.${index}.limits.requests`, list: route.limits?.requests ?? [] })),
  ];
  const problem = 'cannot be "key": there are no API keys yet, so that the limit has no effect';
  return lists.flatMap(({ key, list }) =>
    list.flatMap(({ per }, index) => (per === 'key' ? [{ key: `${key}.${index}.per`, problem }] : [])),
  );
}

function bindingProblems({ publicUrl, tls, listen, trustedProxies }: Config): ConfigurationProblem[] {
  const isSecure = publicUrl.startsWith('https:');
  const problems: ConfigurationProblem[] = [];
  if (tls !== undefined && !isSecure) {
    problems.push({ key: 'publicUrl', problem: 'must be https when tls is configured' });
  }
  if (listen.redirectFrom !== undefined && !isSecure) {
    problems.push({ key: 'listen.redirectFrom', problem: 'leads to https, and publicUrl is http; remove it' });
  }
  // Passwords and cookies would cross that network in clear, and any host on it could claim to be any client.
  if (isSecure && tls === undefined && trustedProxies.length === 0 && !isLoopbackAddress(listen.host)) {
    problems.push({
      key: 'listen.host',
      problem:
        'is open to the network without TLS: configure tls, or list the addresses of the proxy in front in trustedProxies, or bind to 127.0.0.1',
    });
  }
  return problems;
}

function isLoopbackAddress(host: string): boolean {
  return isLoopbackHost(host.toLowerCase());
}
