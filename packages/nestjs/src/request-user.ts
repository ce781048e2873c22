import type { Principal } from '@sallyport/core';
import type { ArgumentsHost } from '@nestjs/common';
import { requestOf } from './errors/call-of.ts';

/** What becomes of `request.user`; see the option of that name. */
export type RequestUserOption = boolean | ((principal: Principal) => unknown);

/** Writes the caller of a request into `request.user`, where handlers and guards of Passport look for it. */
export type AssignRequestUser = (host: ArgumentsHost, principal: Principal) => void;

/** Builds that from the option; `undefined` where `request.user` is left alone. */
export function createRequestUser(option: RequestUserOption | undefined): AssignRequestUser | undefined {
  if (option === undefined || option === false) return undefined;
  const toUser = option === true ? (principal: Principal): unknown => principal : option;
  return (host, principal) => {
    const request = requestOf(host);
    if (request !== undefined) Reflect.set(request, 'user', toUser(principal));
  };
}
