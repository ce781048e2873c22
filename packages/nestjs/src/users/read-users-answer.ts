import {
  isErrorCode,
  readBytesWithin,
  userStatuses,
  type ErrorCode,
  type FieldError,
  type ManagedBan,
  type ManagedUser,
  type ManagedUsersAnswer,
} from '@sallyport/core';
import { UsersError, type UsersErrorKind } from './users-error.ts';

/** Far more than a page of a hundred users. */
const maxAnswerBytes = 4 * 1024 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** Reads the JSON of an answer that is no refusal. Throws `UsersError` for a refusal, and for what is no JSON object. */
export async function readUsersAnswer(response: Response): Promise<Fields> {
  const bytes = await readBytesWithin(response.body, maxAnswerBytes);
  const fields = bytes === undefined ? undefined : parseFields(bytes);
  if (!response.ok) throw toUsersError(response, fields ?? {});
  if (fields === undefined) throw unreadable(response);
  return fields;
}

/** Reads `{ user }`. */
export function readUser(fields: Fields, response: Response): ManagedUser {
  const { user } = fields;
  if (isManagedUser(user)) return user;
  throw unreadable(response);
}

/** Reads a page of users. */
export function readPage({ users, next }: Fields, response: Response): ManagedUsersAnswer {
  if (Array.isArray(users) && users.every(isManagedUser) && isTextOrNull(next)) return { users, next };
  throw unreadable(response);
}

const kinds: Readonly<Record<number, UsersErrorKind>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'limited',
};

function toUsersError(response: Response, { code, title, errors, requestId }: Fields): UsersError {
  const { status } = response;
  const known = typeof code === 'string' && isErrorCode(code) ? code : undefined;
  const fields = Array.isArray(errors) ? errors.filter(isFieldError) : [];
  const kind = kindOf(status, known, fields);
  const about = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  const said = typeof title === 'string' && known !== undefined ? `${known}: ${title}` : `status ${status}`;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new UsersError(kind, about === '' ? said : `${said} (${about})`, {
    status,
    code: known,
    fields,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined,
  });
}

/** A proxy in between knows no codes, and a gateway without the users API has a 404 that is about no account. */
function kindOf(status: number, code: ErrorCode | undefined, fields: readonly FieldError[]): UsersErrorKind {
  if (status >= 500) return 'unavailable';
  const kind = code === undefined ? undefined : kinds[status];
  if (kind === undefined || (kind === 'not-found' && !fields.some(({ field }) => field === 'id'))) return 'unreadable';
  return kind;
}

function unreadable({ status }: Response): UsersError {
  return new UsersError('unreadable', `the answer is not one of the users API (status ${status})`, { status });
}

function parseFields(bytes: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isFieldError(value: unknown): value is FieldError {
  return isFields(value) && typeof value['field'] === 'string' && typeof value['message'] === 'string';
}

function isManagedBan(value: unknown): value is ManagedBan {
  return (
    isFields(value) && typeof value['at'] === 'string' && isTextOrNull(value['until']) && isTextOrNull(value['reason'])
  );
}

/** Members that a later gateway adds are left as they are. */
function isManagedUser(value: unknown): value is ManagedUser {
  if (!isFields(value)) return false;
  const { id, email, name, roles, status, emailVerified, ban, createdAt, expiresAt } = value;
  return (
    [id, email, name, createdAt].every((text) => typeof text === 'string') &&
    Array.isArray(roles) &&
    roles.every((role) => typeof role === 'string') &&
    userStatuses.some((known) => known === status) &&
    typeof emailVerified === 'boolean' &&
    (ban === null || isManagedBan(ban)) &&
    isTextOrNull(expiresAt)
  );
}
