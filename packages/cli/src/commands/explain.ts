import { isLoopbackHost, sessionCookieFor, exitCodes, UsageError } from '@sallyport/core';
import * as z from 'zod';
import { requireAdminUrl } from '../admin-url.ts';
import type { Command, CommandCall } from '../command.ts';
import type { Settings } from '../doctor/finding.ts';
import { loadSettings } from '../open-system.ts';
import { readPipedLine } from '../read-password.ts';
import { toPlainText, toTable } from '../table.ts';

const explanationSchema = z.object({
  decision: z.enum(['forward', 'mount', 'redirect', 'refuse', 'preflight']),
  status: z.number().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  hint: z.string().optional(),
  stages: z.array(
    z.object({
      stage: z.string(),
      outcome: z.enum(['passed', 'decided', 'refused', 'not reached']),
      facts: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  ),
});

type Explanation = z.output<typeof explanationSchema>;

const problemSchema = z.object({
  code: z.string(),
  title: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

const patienceMilliseconds = 15_000;

/** Asks the running gateway what it would do with one request, and why. */
export const explain: Command = {
  name: 'explain',
  summary: 'Says what the running gateway would do with one request, and why',
  operands: ['<method>', '<path>'],
  options: {
    'cookie-stdin': { describe: 'Reads the session cookie, or the whole Cookie header, from a pipe' },
    sid: { value: 'sid', describe: 'Asks for the session with this handle, as "users show" lists it' },
    listener: {
      value: 'listener',
      describe: '"public" (the default), "internal", where zones and services call, or "machine"',
    },
    from: { value: 'audience', describe: 'With --sid at the internal listener: the zone or service that calls' },
    certificate: { value: 'name', describe: 'With --listener machine: the name in the certificate that is presented' },
    'as-anonymous': { describe: 'Asks for an anonymous caller (so it is without any of the three)' },
    header: { value: 'name: value', describe: 'A header of the request; may be repeated', isRepeatable: true },
    host: { value: 'host', describe: 'The Host of the request; that of the public address by default' },
    address: { value: 'ip', describe: 'Where the request seems to come from; 127.0.0.1 by default' },
    admin: { value: 'url', describe: 'Where the admin listener is; the configuration knows it otherwise' },
  },
  notes: [
    'Nothing is forwarded or counted, no session is kept alive, and no secret is shown. The gateway needs an admin listener:',
    'admin: { port: … } in the configuration. Exit code 1 when the request would be refused.',
  ],
  run: async (call) => {
    const settings = await loadSettings(call.terminal);
    const explanation = await ask(call, settings, await toQuestion(call, settings));
    call.report(explanation, toText(explanation));
    return explanation.decision === 'refuse' ? exitCodes.refused : exitCodes.done;
  },
};

async function toQuestion(call: CommandCall, { config }: Settings): Promise<object> {
  const [method = '', target = ''] = call.operands;
  const identities = ['cookie-stdin', 'sid', 'as-anonymous'].filter((name) => call.has(name));
  if (identities.length > 1)
    throw new UsageError(`${identities.map((name) => `--${name}`).join(' and ')} exclude each other.`, exitCodes.usage);
  const [sid, host, clientAddress] = [call.value('sid'), call.value('host'), call.value('address')];
  const [listener, from] = [call.value('listener'), call.value('from')];
  const certificate = call.value('certificate');
  const headers = [
    ...(host === undefined ? [] : [['Host', host]]),
    ...(call.has('cookie-stdin') ? [['Cookie', await readCookie(call, config.publicUrl)]] : []),
    ...call.values('header').map(toHeader),
  ];
  return {
    method: method.toUpperCase(),
    target,
    headers,
    ...(sid === undefined ? {} : { sid }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
    ...(listener === undefined ? {} : { listener }),
    ...(from === undefined ? {} : { from }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

/** What a browser shows as the value of the cookie, or a whole `Cookie` header. */
async function readCookie({ terminal }: CommandCall, publicUrl: string): Promise<string> {
  const line = (await readPipedLine(terminal, 'cookie')).replace(/^cookie:\s*/i, '').trim();
  if (line === '') throw new UsageError('No cookie came in on standard input.', exitCodes.usage);
  return line.includes('=') ? line : `${sessionCookieFor(publicUrl).name}=${line}`;
}

function toHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon)).trim();
  const value = text.slice(colon + 1).trim();
  // What was typed is not repeated: it may be a credential.
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    throw new UsageError('A header is written as "name: value".', exitCodes.usage);
  return [name, value];
}

async function ask(call: CommandCall, settings: Settings, question: object): Promise<Explanation> {
  const base = told(call, settings) ?? requireAdminUrl(settings);
  const { adminToken } = settings.environment;
  let answer: Response;
  try {
    answer = await fetch(`${base}/explain`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        ...(adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` }),
      },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
  } catch {
    throw new UsageError(
      `No gateway answers at ${base}. Is it running, with an admin listener (admin in the configuration)?`,
    );
  }
  const body: unknown = await answer.json().catch(() => undefined);
  const explanation = explanationSchema.safeParse(body);
  if (answer.ok && explanation.success) return explanation.data;
  throw new UsageError(describeProblem(answer.status, body), answer.status === 422 ? exitCodes.usage : undefined);
}

/** An address that was given on the command line. */
function told(call: CommandCall, { environment }: Settings): string | undefined {
  const text = call.value('admin');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError('--admin needs a URL, such as http://127.0.0.1:9464.', exitCodes.usage);
  // The question may carry a cookie, and the token goes along.
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && environment.adminToken === undefined)
    throw new UsageError('--admin must be https or loopback, or have a token.', exitCodes.usage);
  return url.origin;
}

function describeProblem(status: number, body: unknown): string {
  const problem = problemSchema.safeParse(body);
  if (!problem.success) return `The admin listener answered ${status}, and not as a gateway does.`;
  const { code, title, errors = [] } = problem.data;
  if (code === 'SP_UNAUTHENTICATED')
    return 'The admin listener asks for a token: set SALLYPORT_ADMIN_TOKEN, or SALLYPORT_ADMIN_TOKEN_FILE, as the gateway has it.';
  const fields = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return toPlainText(`The gateway refused the question: ${title} (${code})${fields === '' ? '' : `: ${fields}`}.`);
}

const signs = { passed: 'ok', decided: '->', refused: 'NO', 'not reached': '' } as const;

function toText({ decision, status, code, reason, hint, stages }: Explanation): string {
  const rows = stages.flatMap(({ stage, outcome, facts }) => {
    const [first, ...rest] = facts;
    const head = [signs[outcome], stage, first?.name ?? '', first?.value ?? (outcome === 'not reached' ? '-' : '')];
    return [head, ...rest.map(({ name, value }) => ['', '', name, value])];
  });
  const verdict = [
    `Decision: ${decision}`,
    ...(status === undefined ? [] : [String(status)]),
    ...(code === undefined ? [] : [code]),
    ...(reason === undefined ? [] : [`(${reason})`]),
  ].join(' ');
  return [
    toTable(['', 'STAGE', 'WHAT', ''], rows),
    '',
    toPlainText(verdict),
    ...(hint === undefined ? [] : [toPlainText(hint)]),
  ].join('\n');
}
