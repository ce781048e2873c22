import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  exponentialBackoff,
  withJitter,
  type ManagedUser,
  type ManagedUsersAnswer,
  type UserStatus,
} from '@sallyport/core';
import { SALLYPORT_USERS_OPTIONS } from '../injection-tokens.ts';
import { readPage, readUser, readUsersAnswer } from './read-users-answer.ts';
import { UsersError } from './users-error.ts';
import {
  hasKeyForm,
  resolveUsersOptions,
  type ResolvedUsersOptions,
  type SallyportUsersOptions,
} from './users-options.ts';

/** What users have to be to be listed. Everything that is given has to hold. */
export interface UsersFilter {
  readonly role?: string;
  readonly status?: UserStatus;
  /** Made at this time or later. */
  readonly createdFrom?: Date;
  /** Made before this time. */
  readonly createdBefore?: Date;
}

/** Which part of the list. */
export interface UsersPageRequest extends UsersFilter {
  /** From 1 to 100. @default 50 */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** An account to make. */
export interface CreateUser {
  readonly email: string;
  readonly name: string;
  /** Without one, the owner chooses it by the link of the invitation. */
  readonly password?: string;
  /** No role that holds a permission which the key does not. @default none */
  readonly roles?: readonly string[];
  /** Whether this service knows that the address belongs to the owner. @default false */
  readonly emailVerified?: boolean;
  /** Whether a link to choose a password is mailed. @default where there is no password */
  readonly invite?: boolean;
}

/** What is said of a ban. */
export interface BanUser {
  /** When it ends by itself. @default when it is lifted */
  readonly until?: Date;
  /** For those who manage accounts, at most 200 characters; the owner is not shown it. */
  readonly reason?: string;
}

interface Order {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `/manage/users`. */
  readonly path: string;
  readonly body?: object;
}

const backoff = { firstMilliseconds: 100, maxMilliseconds: 2000 };
/** A longer wait is for the caller to decide about. */
const maxWaitSeconds = 5;
const pageSize = 100;
const idForm = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * Manages the users of the gateway from a service: `/manage/users`, with the API key of a service account.
 *
 * Every method rejects with {@link UsersError}. What changes nothing is asked again after a failure; a change is not, for
 * it may have been made. The key is sent to the gateway alone, and is in no error and no log.
 *
 * @example
 * `@Module({ imports: [SallyportUsersModule.forRoot({ url: 'https://app.example.com', apiKey: readKey })] })`
 *
 * @example
 * // Outside of Nest: a script.
 * const users = new SallyportUsers({ url: 'https://app.example.com', apiKey: process.env.SALLYPORT_API_KEY ?? '' });
 * for await (const { email } of users.list({ status: 'banned' })) console.log(email);
 */
@Injectable()
export class SallyportUsers {
  readonly #options: ResolvedUsersOptions;

  /** @throws OptionsError that names every bad option. */
  constructor(@Inject(SALLYPORT_USERS_OPTIONS) options: SallyportUsersOptions) {
    this.#options = resolveUsersOptions(options);
  }

  /**
   * All users that fit, page by page as they are read: one request for a hundred of them. Users who are made meanwhile may
   * be among them or not; none comes twice.
   *
   * @example
   * for await (const user of users.list({ role: 'vendor' })) await remind(user.email);
   */
  async *list(filter: UsersFilter = {}): AsyncGenerator<ManagedUser, void, undefined> {
    for (let after: string | undefined; ;) {
      const page = await this.page({ ...filter, limit: pageSize, ...(after === undefined ? {} : { after }) });
      yield* page.users;
      if (page.next === null || page.next === after) return;
      after = page.next;
    }
  }

  /** One page of users. With filters it may hold fewer than asked for, or none, while `next` is not `null`. */
  async page(request: UsersPageRequest = {}): Promise<ManagedUsersAnswer> {
    const { response, fields } = await this.#ask({ method: 'GET', path: queryOf(request) });
    return readPage(fields, response);
  }

  /** The user with this id, or `null`. */
  findById(id: string): Promise<ManagedUser | null> {
    return orNull(async () => this.#askForUser({ method: 'GET', path: pathOf(id) }));
  }

  /** The user with exactly this address, however it is spelled, or `null`. */
  async findByEmail(email: string): Promise<ManagedUser | null> {
    const { response, fields } = await this.#ask({
      method: 'GET',
      path: `?${new URLSearchParams({ email }).toString()}`,
    });
    return readPage(fields, response).users[0] ?? null;
  }

  /**
   * Makes an account. Where the address has one, the error is of the kind `conflict`: an order whose answer got lost is
   * told apart from that by `findByEmail`.
   *
   * @example
   * const user = await users.create({ email: 'robin@example.com', name: 'Robin', roles: ['vendor'] });
   */
  create(user: CreateUser): Promise<ManagedUser> {
    return this.#askForUser({ method: 'POST', path: '', body: user });
  }

  /** Mails a link to choose a password, which works once, for an hour. An address gets at most ten in an hour. */
  async invite(id: string): Promise<ManagedUser> {
    return this.#askForUser({ method: 'POST', path: `${pathOf(id)}/invitation` });
  }

  /** Replaces the roles: those that are given are all that the user has afterwards. The last writer wins. */
  async setRoles(id: string, roles: readonly string[]): Promise<ManagedUser> {
    return this.#askForUser({ method: 'PUT', path: `${pathOf(id)}/roles`, body: { roles } });
  }

  /** Bans a user and ends every session. A second ban replaces the terms of the first. */
  async ban(id: string, { until, reason }: BanUser = {}): Promise<ManagedUser> {
    const body = {
      ...(until === undefined ? {} : { until: until.toISOString() }),
      ...(reason === undefined ? {} : { reason }),
    };
    return this.#askForUser({ method: 'PUT', path: `${pathOf(id)}/ban`, body });
  }

  /** Lifts a ban; sessions that it ended stay ended. Without a ban it changes nothing that matters. */
  async unban(id: string): Promise<ManagedUser> {
    return this.#askForUser({ method: 'DELETE', path: `${pathOf(id)}/ban` });
  }

  /**
   * Deletes a user and all that is kept of it. Nothing brings it back.
   *
   * @returns `false` where there was none.
   */
  async delete(id: string): Promise<boolean> {
    const deleted = await orNull(async () => this.#ask({ method: 'DELETE', path: pathOf(id) }));
    return deleted !== null;
  }

  async #askForUser(order: Order): Promise<ManagedUser> {
    const { response, fields } = await this.#ask(order);
    return readUser(fields, response);
  }

  async #ask(
    order: Order,
  ): Promise<{ readonly response: Response; readonly fields: Readonly<Record<string, unknown>> }> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#send(order);
      } catch (error) {
        const wait = failures < this.#options.retries ? waitBefore(order, error, failures) : undefined;
        if (wait === undefined) throw error;
        await delay(wait);
      }
    }
  }

  async #send({ method, path, body }: Order) {
    const { url, timeoutMilliseconds } = this.#options;
    const key = await this.#readKey();
    try {
      const response = await fetch(`${url}/manage/users${path}`, {
        method,
        headers: {
          'x-api-key': key,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The key goes to the gateway, and to no place that an answer names.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      return { response, fields: response.status === 204 ? {} : await readUsersAnswer(response) };
    } catch (error) {
      if (error instanceof UsersError) throw error;
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      const what = isLate
        ? `the gateway did not answer within ${timeoutMilliseconds} ms`
        : 'the gateway cannot be reached';
      throw new UsersError('unreachable', what, { cause: error });
    }
  }

  /** What is no key goes into no header: the error of `fetch` would repeat it. */
  async #readKey(): Promise<string> {
    const { apiKey } = this.#options;
    const read = typeof apiKey === 'string' ? () => apiKey : apiKey;
    const key = await Promise.resolve()
      .then(read)
      .catch((cause: unknown) => {
        throw new UsersError('unauthenticated', 'apiKey could not be read', { cause });
      });
    if (hasKeyForm(key.trim())) return key.trim();
    throw new UsersError('unauthenticated', 'apiKey read what is no API key (sp_key_…)');
  }
}

/**
 * How long to wait before the same request, in milliseconds; `undefined` for one that is not repeated. What was refused
 * for its number was not looked at, whatever it asks for.
 */
function waitBefore({ method }: Order, error: unknown, failures: number): number | undefined {
  if (!(error instanceof UsersError)) return undefined;
  const { kind, retryAfterSeconds } = error;
  const isWorthIt = kind === 'limited' || (method === 'GET' && (kind === 'unavailable' || kind === 'unreachable'));
  if (!isWorthIt || (retryAfterSeconds ?? 0) > maxWaitSeconds) return undefined;
  return Math.max((retryAfterSeconds ?? 0) * 1000, withJitter(exponentialBackoff(failures, backoff)));
}

/** An id of another form is that of no account, and could lead to another address (`..`). */
function pathOf(id: string): string {
  if (idForm.test(id)) return `/${id}`;
  throw new UsersError('not-found', 'no account has an id of this form');
}

function queryOf({ role, status, createdFrom, createdBefore, limit, after }: UsersPageRequest): string {
  const parameters = {
    role,
    status,
    createdFrom: createdFrom?.toISOString(),
    createdBefore: createdBefore?.toISOString(),
    limit: limit?.toString(),
    after,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

async function orNull<Found>(ask: () => Promise<Found>): Promise<Found | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UsersError && error.kind === 'not-found') return null;
    throw error;
  }
}
