import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import {
  asSallyportError,
  type CommandDeployment,
  createLocalCallers,
  type Logger,
  OptionsError,
  parseBearerToken,
  SallyportError,
  toCertificateName,
  toProblem,
} from '@sallyport/core';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import * as z from 'zod';
import type { Control } from './control.ts';

export interface AdminAppParts {
  readonly control: Control;
  readonly publicUrl: string;
  /** What every caller must send as a bearer token; absent where only the machine itself can call. */
  readonly token: () => string | undefined;
  /** Holds in place of the token, and is demanded where there is none by whatever changes accounts, sessions, roles or keys. */
  readonly key: string | undefined;
  /** Whether the key is demanded by everything else as well. */
  readonly needsKey: boolean;
  /** What commands know of the deployment. */
  readonly deployment: CommandDeployment;
  /** Names besides loopback under which the listener may be called; `any` where the token decides. */
  readonly hosts: readonly string[] | 'any';
  readonly logger: Logger;
}

const headerText = z
  .string()
  .max(16_384)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/);

const questionSchema = z
  .strictObject({
    method: z
      .string()
      .regex(/^[A-Z]{1,20}$/)
      .default('GET'),
    target: z.string().min(1).max(8192),
    headers: z
      .array(z.tuple([z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/), headerText]))
      .max(200)
      .default([]),
    listener: z.enum(['public', 'internal', 'machine']).default('public'),
    sid: z.string().min(1).max(200).optional(),
    from: z.string().min(1).max(200).optional(),
    certificate: z.string().min(1).max(512).optional(),
    clientAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
  })
  .refine(({ listener, certificate }) => certificate === undefined || listener === 'machine', {
    path: ['certificate'],
    error: 'is presented at the listener for machines',
  })
  .refine(({ listener, sid }) => sid === undefined || listener !== 'machine', {
    path: ['sid'],
    error: 'does not go with the listener for machines: there are no sessions',
  })
  .superRefine(({ listener, sid, from }, context) => {
    const isNeeded = listener === 'internal' && sid !== undefined;
    if (isNeeded === (from !== undefined)) return;
    const message = isNeeded
      ? 'is needed: the audience of the zone or service that calls'
      : 'goes with the handle of a session, at the internal listener';
    context.addIssue({ code: 'custom', path: ['from'], message });
  });

/** What an operator orders: as who, and with which input. */
const orderSchema = z.strictObject({
  operator: z.string().regex(/^[\x21-\x7e]{1,64}$/),
  input: z.record(z.string(), z.unknown()),
});

/** Where things are done to accounts, sessions, roles and keys. */
const operationsPath = '/operations';
/** A batch of an import is the longest input. */
const maxOperationBytes = 4 * 1024 * 1024;

/** @throws `SP_VALIDATION_FAILED` for what is no name of a certificate. */
function requireCertificateName(text: string): string {
  try {
    return toCertificateName(text);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const errors = [{ field: 'certificate', message: 'must be a SPIFFE id, or a subject such as CN=billing,O=Acme' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'certificate-name', errors });
  }
}

/**
 * Builds what operators talk to. It is served by a listener of its own, never by the public one.
 *
 * No page of any site may call it: a browser on the operator's machine reaches loopback, so whatever a browser marks as
 * coming from a page is refused, and so is a host name of another owner that points here (DNS rebinding).
 */
export function createAdminApp(parts: AdminAppParts): Hono<{ Bindings: HttpBindings }> {
  const { control, publicUrl, token, key, needsKey, deployment, hosts, logger } = parts;
  const app = new Hono<{ Bindings: HttpBindings }>();
  const context = (c: Context) => ({ requestId: c.req.header('x-request-id') ?? '-', documentationOrigin: publicUrl });
  const answer = (c: Context, error: unknown): Response => {
    const { status, headers, body } = toProblem(error, context(c));
    return new Response(JSON.stringify(body), { status, headers });
  };
  app.onError((error, c) => {
    const known = asSallyportError(error);
    if (known.status >= 500)
      logger.error('an operator was not answered', {
        event: 'operator-request-failed',
        code: known.code,
        reason: known.reason,
        cause: error.message,
      });
    else
      logger.warn('an operator was refused', {
        event: 'operator-request-refused',
        code: known.code,
        reason: known.reason,
      });
    return answer(c, known);
  });
  app.notFound((c) => {
    const allow = methodsOf(c.req.path);
    return answer(
      c,
      allow === undefined
        ? new SallyportError('SP_NOT_FOUND', { reason: 'no-route' })
        : new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow }),
    );
  });

  const judge = createLocalCallers({ serves: 'programs', hosts });
  const requireLocalProgram = (c: Context<{ Bindings: HttpBindings }>): void => {
    const refusal = judge({
      method: c.req.method,
      port: c.env.incoming.socket.localPort,
      header: (name) => c.req.header(name),
    });
    if (refusal === 'host-unknown') throw new SallyportError('SP_HOST_UNKNOWN', { reason: 'host-unknown' });
    if (refusal === 'from-a-page') throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'admin-from-a-page' });
  };
  app.use(
    createMiddleware<{ Bindings: HttpBindings }>(async function requireOperator(c, next) {
      requireLocalProgram(c);
      const expected = token();
      const accepted = [expected, key].filter((one) => one !== undefined);
      // Loopback alone proves nothing about who calls: whatever runs on the machine reaches it.
      const isDemanded = expected !== undefined || needsKey || isOperation(c.req.path);
      const presented = parseBearerToken(c.req.header('authorization'));
      if (isDemanded && !accepted.some((one) => isSame(presented, one)))
        throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'admin-token' });
      await next();
      c.header('cache-control', 'no-store');
    }),
  );
  app.get('/metrics', async (c) => {
    const { contentType, text } = await control.metrics();
    return c.body(text, 200, { 'content-type': contentType });
  });
  app.get('/status', async (c) => c.json(await control.status()));
  app.post('/reload', async (c) => {
    const outcome = await control.reload();
    const isRefused = outcome.kind === 'refused' || outcome.secrets.kind === 'refused';
    return c.json(outcome, isRefused ? 409 : 200);
  });
  app.get(operationsPath, (c) => c.json(deployment));
  app.post(
    `${operationsPath}/:area/:name`,
    bodyLimit({ maxSize: maxOperationBytes, onError: tooLarge }),
    async function operate(c) {
      const { operator, input } = await readJson(c, orderSchema);
      const { area, name } = c.req.param();
      const context = {
        actor: `operator:${operator}`,
        requestId: randomUUID(),
        address: getConnInfo(c).remote.address ?? 'unknown',
      };
      return c.json({ result: (await control.operate(`${area}/${name}`, input, context)) ?? null });
    },
  );
  app.post('/explain', bodyLimit({ maxSize: 65_536, onError: tooLarge }), async (c) => {
    const { headers, sid, from, certificate, clientAddress, ...question } = await readJson(c, questionSchema);
    return c.json(
      await control.explain({
        ...question,
        headers: headers.flat(),
        ...(sid === undefined ? {} : { sid }),
        ...(from === undefined ? {} : { from }),
        ...(certificate === undefined ? {} : { certificate: requireCertificateName(certificate) }),
        ...(clientAddress === undefined ? {} : { clientAddress }),
      }),
    );
  });
  return app;
}

const served: Readonly<Record<string, readonly string[]>> = {
  '/metrics': ['GET', 'HEAD'],
  '/status': ['GET', 'HEAD'],
  '/explain': ['POST'],
  '/operations': ['GET', 'HEAD'],
  '/reload': ['POST'],
};

function methodsOf(path: string): readonly string[] | undefined {
  if (isOperation(path) && path !== operationsPath) return ['POST'];
  return Object.hasOwn(served, path) ? served[path] : undefined;
}

function isOperation(path: string): boolean {
  return path === operationsPath || path.startsWith(`${operationsPath}/`);
}

async function readJson<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-json' });
  let body: unknown;
  try {
    body = await c.req.json();
  } catch {
    throw new SallyportError('SP_JSON_MALFORMED', { reason: 'not-json' });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message }));
  throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'operator-question', errors });
}

function tooLarge(): never {
  throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
}

/** Hashes are compared, so that neither length nor content shows in the time. */
function isSame(presented: string | undefined, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return presented !== undefined && timingSafeEqual(digest(presented), digest(expected));
}
