import type { Principal } from '@sallyport/core';
import type { ArgumentsHost } from '@nestjs/common';
import { requestOf } from './errors/call-of.ts';

/** What a member of `request.user` may hold: `role` is the first role, `email` and `name` those of the profile. */
export type RequestUserFact = 'id' | 'email' | 'name' | 'role' | 'roles' | 'permissions';

/** What becomes of `request.user`; see the option of that name. */
export type RequestUserOption =
  boolean | ((principal: Principal) => unknown) | Readonly<Record<string, RequestUserFact>>;

/** Writes the caller of a request into `request.user`, where handlers and guards of Passport look for it. */
export type AssignRequestUser = (host: ArgumentsHost, principal: Principal) => void;

const readers: { readonly [Fact in RequestUserFact]: (principal: Principal) => unknown } = {
  id: ({ id }) => id,
  email: (principal) => profileOf(principal)?.email,
  name: (principal) => profileOf(principal)?.name,
  role: ({ roles }) => roles[0],
  roles: ({ roles }) => roles,
  permissions: ({ permissions }) => permissions,
};

/** Builds that from the option; `undefined` where `request.user` is left alone. */
export function createRequestUser(option: RequestUserOption | undefined): AssignRequestUser | undefined {
  if (option === undefined || option === false) return undefined;
  const toUser = toUserFunction(option);
  return (host, principal) => {
    const request = requestOf(host);
    if (request !== undefined) Reflect.set(request, 'user', toUser(principal));
  };
}

/** What is wrong with the option. */
export function problemOfRequestUser(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'boolean' || typeof value === 'function') return undefined;
  const isMembers = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (isMembers && Object.values(value).every((fact) => typeof fact === 'string' && Object.hasOwn(readers, fact)))
    return undefined;
  return `must be true, false, a function of the principal, or members such as { userId: 'id' } of ${Object.keys(readers).join(', ')}`;
}

function toUserFunction(option: Exclude<RequestUserOption, false>): (principal: Principal) => unknown {
  if (option === true) return (principal) => principal;
  if (typeof option === 'function') return option;
  const members = Object.entries(option).map(([name, fact]) => [name, readers[fact]] as const);
  return (principal) => Object.fromEntries(members.map(([name, read]) => [name, read(principal)]));
}

function profileOf(principal: Principal): { readonly name: string; readonly email: string } | undefined {
  return principal.kind === 'user' ? principal.profile : undefined;
}
