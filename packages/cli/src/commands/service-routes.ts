import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '@sallyport/core';
import * as z from 'zod';
import { toTable } from '../table.ts';

/** What a service behind the gateway says of one of its handlers; see `ServiceRoute` of @sallyport/nestjs. */
const serviceRouteSchema = z.object({
  transport: z.string(),
  route: z.string(),
  handler: z.string(),
  access: z.enum(['public', 'optional', 'guarded', 'elsewhere', 'undeclared', 'contradictory']),
  reason: z.string().optional(),
  roles: z.array(z.array(z.string())),
  permissions: z.array(z.string()),
  anyPermission: z.array(z.array(z.string())),
  // A service may have an older @sallyport/nestjs than this command.
  inOrganization: z.boolean().default(false),
  orgRoles: z.array(z.array(z.string())).default([]),
  isForServices: z.boolean(),
  accepts: z.array(z.string()).optional(),
  mutualTls: z.enum(['alone', 'with-token']).optional(),
  stepUp: z.object({ acr: z.string().optional(), maxAgeSeconds: z.number().optional() }).optional(),
  policies: z.array(z.object({ action: z.string(), type: z.string() })).optional(),
});

/** Where a package says what its entry point is. */
const manifestSchema = z.object({
  exports: z.object({ '.': z.object({ import: z.object({ default: z.string() }) }) }),
});

export type ServiceRoute = z.output<typeof serviceRouteSchema>;

/** Which role holds which permissions. */
export type RolePermissions = Readonly<Record<string, readonly string[]>>;

/**
 * What a role may do at a handler. `unknown`: which permissions it holds is not known here, or a role inside an
 * organization decides.
 */
export type RoleAnswer = 'yes' | 'no' | 'unknown';

/** A handler with the answer of each role. */
export interface RoutesByRole {
  readonly roles: readonly string[];
  readonly routes: readonly (ServiceRoute & { readonly mayCall: Readonly<Record<string, RoleAnswer>> })[];
}

/**
 * Reads the handlers of a Nest service from its compiled root module, without starting it: with the service's own
 * `@sallyport/nestjs`, whose decorators it was written with.
 *
 * @throws UsageError for a file that is not there, an export that is no module, a service without `@sallyport/nestjs`.
 */
export async function readRoutesOfService(
  file: string,
  exported: string | undefined,
  globalPrefix: string | undefined,
): Promise<readonly ServiceRoute[]> {
  const library = await loadLibrary(file);
  const root = await loadRootModule(file, exported);
  try {
    return z.array(serviceRouteSchema).parse(await library.readServiceRoutes(root, { globalPrefix }));
  } catch (error) {
    throw new UsageError(`The handlers of ${file} cannot be read: ${messageOf(error)}`);
  }
}

interface Library {
  readonly readServiceRoutes: (root: unknown, options: { globalPrefix: string | undefined }) => Promise<unknown>;
}

async function loadLibrary(file: string): Promise<Library> {
  let loaded: Partial<Library>;
  try {
    loaded = (await import(libraryBeside(file))) as Partial<Library>; // Its export is checked below.
  } catch (error) {
    throw new UsageError(`No @sallyport/nestjs is installed where ${file} is: ${messageOf(error)}`);
  }
  const { readServiceRoutes } = loaded;
  if (readServiceRoutes === undefined)
    throw new UsageError(`The @sallyport/nestjs beside ${file} is older than this command: update it.`);
  return { readServiceRoutes };
}

/** The ES modules of the package, whichever build the service uses: what one declares, the other reads. */
function libraryBeside(file: string): string {
  const manifest = findPackageJSON('@sallyport/nestjs', pathToFileURL(file));
  if (manifest === undefined) throw new Error('it was not found');
  const { exports } = manifestSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')));
  return pathToFileURL(join(dirname(manifest), exports['.'].import.default)).href;
}

async function loadRootModule(file: string, exported: string | undefined): Promise<unknown> {
  let members: Readonly<Record<string, unknown>>;
  try {
    members = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UsageError(`${file} cannot be loaded: ${messageOf(error)}. Give the compiled file of the root module.`);
  }
  const classes = Object.entries(members).filter(([, value]) => isModule(value));
  const named = exported ?? (classes.some(([name]) => name === 'AppModule') ? 'AppModule' : undefined);
  const [found, ...others] = named === undefined ? classes : classes.filter(([name]) => name === named);
  if (found !== undefined && others.length === 0) return found[1];
  const names = classes.map(([name]) => name).join(', ');
  throw new UsageError(`Name the root module that ${file} exports with --export. It exports: ${names || 'none'}.`);
}

/** A class, or what `forRoot` and the like of Nest give. */
function isModule(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'object' && value !== null && 'module' in value);
}

/** Says for each handler which roles may call it. Roles are those of the policy, and those that handlers name. */
export function toRoutesByRole(routes: readonly ServiceRoute[], policy: RolePermissions | undefined): RoutesByRole {
  const named = routes.flatMap((route) => route.roles.flat());
  const roles = [...new Set([...Object.keys(policy ?? {}), ...named])].toSorted();
  return {
    roles,
    routes: routes.map((route) => ({
      ...route,
      mayCall: Object.fromEntries(roles.map((role) => [role, answerFor(role, route, policy)])),
    })),
  };
}

function answerFor(role: string, route: ServiceRoute, policy: RolePermissions | undefined): RoleAnswer {
  const answer = answerOfDeclarations(role, route, policy);
  // The policy answers for each record.
  return answer === 'yes' && route.policies !== undefined ? 'unknown' : answer;
}

function answerOfDeclarations(role: string, route: ServiceRoute, policy: RolePermissions | undefined): RoleAnswer {
  if (route.access === 'public' || route.access === 'optional') return 'yes';
  if (route.access === 'elsewhere') return 'unknown';
  if (route.access !== 'guarded') return 'no';
  // A machine is who its certificate names, and no user of any role.
  if (route.mutualTls === 'alone') return 'no';
  // A user may hold several roles: this is the answer for one who holds this role alone.
  if (!route.roles.every((oneOf) => oneOf.includes(role))) return 'no';
  const met = route.inOrganization ? 'unknown' : 'yes'; // A role of the deployment says nothing of those in an organization.
  if (route.permissions.length === 0 && route.anyPermission.length === 0) return met;
  const held = policy?.[role];
  if (held === undefined) return policy === undefined ? 'unknown' : 'no';
  const holds = (permission: string): boolean => held.includes(permission);
  const isMet = route.permissions.every(holds) && route.anyPermission.every((oneOf) => oneOf.some(holds));
  return isMet ? met : 'no';
}

const marks: Readonly<Record<RoleAnswer, string>> = { yes: 'yes', no: '-', unknown: '?' };

function headerOf({ roles }: RoutesByRole): readonly string[] {
  return ['TRANSPORT', 'ROUTE', 'ACCESS', ...roles, 'HANDLER'];
}

function rowsOf({ roles, routes }: RoutesByRole): readonly (readonly string[])[] {
  return routes.map((route) => [
    route.transport,
    route.route,
    describeAccess(route),
    ...roles.map((role) => marks[route.mayCall[role] ?? 'no']),
    route.handler,
  ]);
}

/** In columns, for a terminal. */
export function toServiceTable(table: RoutesByRole): string {
  return toTable(headerOf(table), rowsOf(table));
}

/** As a table of Markdown: one line for each handler, so that a review shows what changed. */
export function toServiceMarkdown(table: RoutesByRole): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const header = headerOf(table).map((name, index, all) =>
    index > 2 && index < all.length - 1 ? name : name.charAt(0) + name.slice(1).toLowerCase(),
  );
  return [line(header), line(header.map(() => '---')), ...rowsOf(table).map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ');
}

function describeAccess({ access, reason, ...route }: ServiceRoute): string {
  if (access === 'public') return `public: ${reason ?? ''}`;
  if (access === 'elsewhere') return `guarded ${reason ?? ''}`;
  if (access === 'undeclared') return 'UNDECLARED';
  if (access === 'contradictory') return `CONTRADICTORY: ${reason ?? ''}`;
  const { roles, permissions, anyPermission, inOrganization, orgRoles, isForServices } = route;
  const { accepts, mutualTls, stepUp, policies = [] } = route;
  const asked = [
    ...roles.map((oneOf) => `role ${oneOf.join(' or ')}`),
    ...(permissions.length === 0 ? [] : [`permission ${permissions.join(' and ')}`]),
    ...anyPermission.map((oneOf) => `permission ${oneOf.join(' or ')}`),
    ...orgRoles.map((oneOf) => `role ${oneOf.join(' or ')} in the organization`),
    ...(inOrganization && orgRoles.length === 0 ? ['member of an organization'] : []),
    ...(isForServices ? ['services only'] : []),
  ];
  return [
    ...(access === 'optional' ? ['optional'] : asked.length === 0 ? ['signed in'] : asked),
    ...(mutualTls === undefined
      ? []
      : [mutualTls === 'alone' ? 'by client certificate' : 'client certificate and token']),
    ...(accepts === undefined ? [] : [`by ${accepts.join(' or ')}`]),
    ...(stepUp === undefined ? [] : [describeStepUp(stepUp)]),
    ...policies.map(({ action, type }) => `policy: ${action} ${type}`),
  ].join(', ');
}

function describeStepUp({ acr, maxAgeSeconds }: NonNullable<ServiceRoute['stepUp']>): string {
  const parts = [...(acr === undefined ? [] : [acr]), ...(maxAgeSeconds === undefined ? [] : [`${maxAgeSeconds} s`])];
  return `step-up ${parts.join(' ')}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
