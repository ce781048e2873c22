import {
  isErrorCode,
  SallyportError,
  UsageError,
  type AskOperation,
  type CommandDeployment,
  type FieldError,
} from '@sallyport/core';
import { readOperatorAccess, type OperatorAccess } from '@sallyport/server';
import * as z from 'zod';
import { findAdminUrl } from './admin-url.ts';
import type { Settings } from './doctor/finding.ts';
import { toPlainText } from './table.ts';

/** A gateway that runs, asked at its admin listener. */
export interface RunningGateway {
  readonly deployment: CommandDeployment;
  readonly ask: AskOperation;
}

/** It stopped before it was asked: nothing was done. */
export class GatewayStopped extends UsageError {
  constructor() {
    super('The gateway stops: this was not done. Run the command again.');
  }
}

const helloMilliseconds = 5_000;
/** The sessions of a whole deployment may end, one account after another. */
const operationMilliseconds = 600_000;

const deploymentSchema = z.object({
  publicUrl: z.string(),
  pages: z.record(z.string(), z.string()),
  canMail: z.boolean(),
});
const problemSchema = z.object({
  code: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

/**
 * Finds the gateway that runs on the same stores: the one that noted in the data folder how it is reached, else the one at the
 * configured address, where the admin token opens it.
 *
 * @returns `undefined` when none answers.
 * @throws UsageError when the one that answers does not take the token.
 */
export async function findRunningGateway(settings: Settings, operator: string): Promise<RunningGateway | undefined> {
  for (const access of placesOf(settings)) {
    const hello = await send(access, '', { method: 'GET' }, helloMilliseconds).catch(() => undefined);
    if (hello === undefined) continue;
    const body: unknown = await hello.json().catch(() => undefined);
    if (hello.status === 401)
      throw new UsageError(
        `The gateway at ${access.url} does not take this token: set SALLYPORT_ADMIN_TOKEN, or SALLYPORT_ADMIN_TOKEN_FILE, as the gateway has it.`,
      );
    const deployment = deploymentSchema.safeParse(body);
    if (!hello.ok || !deployment.success) continue;
    return {
      // The pages of a table, by the names that the gateway of this release has.
      deployment: deployment.data as CommandDeployment,
      ask: (name, input) => ask(access, name, { operator, input }),
    };
  }
  return undefined;
}

function placesOf(settings: Settings): readonly OperatorAccess[] {
  const noted = readOperatorAccess(settings.config.dataDir);
  const url = findAdminUrl(settings);
  const { adminToken } = settings.environment;
  // Without a token only the note proves which gateway it is.
  const configured = url === undefined || adminToken === undefined ? undefined : { url, key: adminToken };
  return [noted, configured].filter((access) => access !== undefined);
}

async function ask(access: OperatorAccess, name: string, order: object): Promise<unknown> {
  const body = JSON.stringify(order);
  let answer: Response;
  let answered: unknown;
  try {
    answer = await send(
      access,
      `/${name}`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body },
      operationMilliseconds,
    );
    answered = await answer.json();
  } catch (error) {
    if (isNotConnected(error)) throw new GatewayStopped();
    throw new UsageError(
      'The gateway ended before it answered, so that it is not known whether this was done. "sallyport users show" and ' +
        '"sallyport keys list" say how things are; the command may be run again.',
    );
  }
  if (answer.ok) return z.object({ result: z.unknown() }).parse(answered).result;
  throw toError(answer.status, answered);
}

function send(
  { url, key }: OperatorAccess,
  path: string,
  request: RequestInit,
  patienceMilliseconds: number,
): Promise<Response> {
  const headers = { ...request.headers, authorization: `Bearer ${key}` };
  return fetch(`${url}/operations${path}`, {
    ...request,
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMilliseconds),
  });
}

function isNotConnected(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function toError(status: number, body: unknown): Error {
  const problem = problemSchema.safeParse(body);
  if (!problem.success || !isErrorCode(problem.data.code))
    return new UsageError(`The admin listener answered ${status}, and not as a gateway does.`);
  const { code, errors } = problem.data;
  if (code === 'SP_SERVICE_UNAVAILABLE') return new GatewayStopped();
  const shown = errors?.map(toPlainError);
  return new SallyportError(code, { reason: 'gateway', ...(shown === undefined ? {} : { errors: shown }) });
}

function toPlainError({ field, message }: FieldError): FieldError {
  return { field: toPlainText(field), message: toPlainText(message) };
}
