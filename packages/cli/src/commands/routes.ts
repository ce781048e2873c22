import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Route,
  exitCodes,
  introspectionPath,
  tokenPermission,
  tokenRevocationPath,
  UsageError,
} from '@sallyport/core';
import {
  credentialsOfRoute,
  describeNestedRoutes,
  machineUrlOf,
  methodsOfRoute,
  routeOptionsOf,
  type Config,
} from '@sallyport/server';
import type { Command, CommandCall } from '../command.ts';
import { loadSettings } from '../open-system.ts';
import { toPlainText, toTable } from '../table.ts';
import { prefixOfService } from './service-prefix.ts';
import {
  readRoutesOfService,
  toRoutesByRole,
  toServiceMarkdown,
  toServiceTable,
  type RolePermissions,
} from './service-routes.ts';

const usersApiNote =
  '/manage/users is open to API keys of service accounts with "user:read" or "user:manage", /manage/roles to those with "role:read" or "role:manage" (administration.usersApi)';
const clientsApiNote =
  '/manage/oauth-clients is open to API keys of service accounts with "oauth-client:read" or "oauth-client:manage" (oauthProvider.clients.api)';

/** Lists the routes of the gateway, or the handlers of a Nest service, and who may pass. */
export const listRoutes: Command = {
  name: 'routes',
  summary: 'Lists the routes of the gateway, or the handlers of a Nest service, and who may pass',
  options: {
    nest: {
      value: 'file',
      describe: 'Lists the handlers of a Nest service by role: the compiled file of its root module',
    },
    export: { value: 'name', describe: 'With --nest: the root module, where the file exports several classes' },
    prefix: {
      value: 'path',
      describe: 'With --nest: what main.ts gives to setGlobalPrefix, where it cannot be read from the compiled main.js',
    },
    markdown: { describe: 'With --nest: a table of Markdown, for a page that reviews compare' },
  },
  notes: [
    'With --nest nothing of the service is started: versions that main.ts enables are not in the paths. Which role holds which permission is what the configuration of this',
    'folder says; without one, "?" stands where it depends on that. Exit code 1 where a handler declares no access.',
  ],
  run: async (call) => {
    const file = call.value('nest');
    if (file !== undefined) return listServiceHandlers(call, call.resolvePath(file));
    for (const name of ['export', 'prefix', 'markdown'])
      if (call.has(name) || call.value(name) !== undefined)
        throw new UsageError(`--${name} goes with --nest only.`, exitCodes.usage);
    const { config, preset } = await loadSettings(call.terminal);
    // The longest prefix wins at the gateway: the table reads in that order.
    const routes = [...config.routes].sort(
      (a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1),
    );
    const shown = routes.map((route) => ({
      name: route.name,
      prefix: route.prefix,
      hosts: route.hosts ?? [],
      methods: methodsOfRoute(route) ?? [],
      access: accessOf(route),
      credentials: credentialsOfRoute(route),
      audience: route.audience,
      permissions: route.permissions ?? [],
      csrf: route.csrf,
      options: Object.fromEntries(routeOptionsOf(route).map(({ name, value }) => [name, value])),
      upstream: [route.upstream].flat(),
    }));
    const rows = shown.map((route) => [
      [route.hosts.join(','), route.prefix].join(''),
      route.methods.join(',') || 'any',
      route.access,
      route.credentials.join(','),
      route.csrf === 'off' ? 'off' : 'on',
      route.audience,
      route.permissions.join(' '),
      Object.entries(route.options)
        .map(([name, value]) => `${name}: ${value}`)
        .join('; '),
      preset === undefined ? route.upstream.join(' ') : '(chosen at the start)',
    ]);
    const table = toTable(
      [
        'PREFIX',
        'METHODS',
        'ACCESS',
        'CREDENTIALS',
        'CSRF',
        'AUDIENCE',
        'PERMISSIONS IN THE TOKEN',
        'OPTIONS',
        'UPSTREAM',
      ],
      rows,
    );
    // A preset chooses upstreams at the start.
    const notes = [
      ...(preset === undefined ? describeNestedRoutes(config.routes) : []),
      ...(config.administration.usersApi === undefined ? [] : [usersApiNote]),
      ...(config.oauthProvider?.clients.api === undefined ? [] : [clientsApiNote]),
    ];
    const machines = machinesOf(config);
    const introspection = introspectionOf(config);
    const messages = messagesOf(config);
    call.report(
      { routes: shown, machines, introspection, messages, notes },
      [
        table,
        ...(machines === null
          ? []
          : [`\nMachines call ${machines.url} with certificates: ${describeMachines(machines)}.`]),
        ...introspection.map(
          ({ audience, introspect, revoke }) =>
            `\n${audience} asks about tokens by API keys: ${introspectionPath} with ${introspect}, ${tokenRevocationPath} with ${revoke}.`,
        ),
        ...messages.map(
          ({ consumer, callers, permissions }) =>
            `\n${consumer} takes messages of users from ${callers.join(', ')}, with ${permissions.length === 0 ? 'no permissions' : permissions.join(' ')}.`,
        ),
        ...notes.map((note) => `\nNote: ${note}.`),
      ].join('\n'),
    );
    return exitCodes.done;
  },
};

/** The listener for machines, and which routes they may call. */
function machinesOf(config: Config) {
  const { mtls } = config;
  if (mtls === undefined) return null;
  const routes = config.routes.filter(({ credentials }) => credentials.includes('mtls')).map(({ name }) => name);
  const proxies = mtls.behindProxy?.proxies ?? [];
  return { url: machineUrlOf(config), routes, revocation: mtls.crl === undefined ? 'none' : 'lists', proxies };
}

function describeMachines({ routes, revocation, proxies }: NonNullable<ReturnType<typeof machinesOf>>): string {
  return [
    routes.length === 0 ? 'no route takes them' : `${routes.join(', ')} take them`,
    revocation === 'none' ? 'none is ever revoked' : 'revoked ones are in lists',
    ...(proxies.length === 0 ? [] : [`Client-Cert of ${proxies.join(', ')} is believed`]),
  ].join('; ');
}

async function listServiceHandlers(call: CommandCall, file: string): Promise<number> {
  const { globalPrefix, note } = prefixOfService(file, call.value('prefix'));
  const routes = await readRoutesOfService(file, call.value('export'), globalPrefix === '' ? undefined : globalPrefix);
  const table = toRoutesByRole(routes, await policyOf(call));
  // A page that reviews compare has nothing but the table.
  const text = call.has('markdown')
    ? toPlainLines(toServiceMarkdown(table))
    : [toServiceTable(table), ...(note === undefined ? [] : [`\nNote: ${note}.`])].join('\n');
  call.report({ ...table, globalPrefix, notes: note === undefined ? [] : [note] }, text);
  const isWhole = table.routes.every(({ access }) => access !== 'undeclared' && access !== 'contradictory');
  return isWhole ? exitCodes.done : exitCodes.refused;
}

/** The roles of the configuration; a service's own folder has none. */
async function policyOf({ terminal }: CommandCall): Promise<RolePermissions | undefined> {
  const { workingFolder, environment } = terminal;
  const isNamed = (environment['SALLYPORT_CONFIG'] ?? '') !== '';
  const names = ['ts', 'mts', 'mjs', 'js'].map((ending) => join(workingFolder, `sallyport.config.${ending}`));
  if (!isNamed && !names.some((name) => existsSync(name))) return undefined;
  return (await loadSettings(terminal)).config.policy.roles;
}

function toPlainLines(text: string): string {
  return text.split('\n').map(toPlainText).join('\n');
}

/** The services that ask about tokens, and the permissions that their keys need. */
function introspectionOf({ introspection }: Config) {
  return Object.entries(introspection?.services ?? {}).map(([audience, { permissions, profile }]) => ({
    audience,
    introspect: tokenPermission(audience, 'introspect'),
    revoke: tokenPermission(audience, 'revoke'),
    permissions,
    profile,
  }));
}

/** The services that take messages which are sent for users, and from whom. */
function messagesOf({ messages }: Config) {
  return Object.entries(messages?.consumers ?? {}).map(([consumer, settings]) => ({ consumer, ...settings }));
}

function accessOf({ access }: Route): string {
  if (typeof access === 'string') return access;
  const { roles = [], permissions = [] } = access;
  return [
    ...(roles.length > 0 ? [`role ${roles.join(' or ')}`] : []),
    ...(permissions.length > 0 ? [`permission ${permissions.join(' and ')}`] : []),
  ].join(', ');
}
