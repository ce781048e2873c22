import type { SeenRequest } from '../fixture/echo.ts';
import type { FixtureUser } from '../fixture/fixture-accounts.ts';

/** What an oracle may know beside what the upstream saw. */
export interface OracleContext {
  readonly cookieName: string;
  /** Who a bearer speaks of: what the upstream saw of each user before the cases began. */
  readonly identityOf: (request: SeenRequest) => FixtureUser | 'unknown' | undefined;
}

/** Looks at everything that the upstream saw of one case. Returns what is wrong with it. */
export interface UpstreamOracle {
  readonly expects: string;
  readonly check: (seen: readonly SeenRequest[], context: OracleContext) => string | undefined;
}

/** What must hold for the one request that reached the upstream. */
export interface SeenAs {
  readonly target?: string;
  readonly method?: string;
  readonly body?: string;
  /** Headers, by lower-case name, and their only value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Header names, folded to letters and digits, that must not be there. */
  readonly without?: readonly string[];
  /** Texts that must be nowhere in what the upstream saw. */
  readonly nowhere?: readonly string[];
}

/** The upstream saw nothing at all. */
export const nothing: UpstreamOracle = {
  expects: 'U0',
  check: (seen) => (seen.length === 0 ? undefined : `the upstream saw ${describe(seen)}`),
};

/** The upstream saw one request, without an identity. */
export function anonymous(expected: SeenAs = {}): UpstreamOracle {
  return one('noid', undefined, expected);
}

/** The upstream saw one request, made for this user. */
export function user(name: FixtureUser, expected: SeenAs = {}): UpstreamOracle {
  return one(`U=${name}`, name, expected);
}

/** Either holds: where a gateway may refuse or forward harmlessly. */
export function either(...oracles: readonly UpstreamOracle[]): UpstreamOracle {
  return {
    expects: oracles.map(({ expects }) => expects).join(' or '),
    check: (seen, context) => {
      const problems = oracles.map((oracle) => oracle.check(seen, context));
      return problems.includes(undefined) ? undefined : problems.join('; and ');
    },
  };
}

/** The value of a header that came once; several are joined, so that they equal nothing. */
export function valueOf({ rawHeaders }: SeenRequest, name: string): string | undefined {
  const values = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  return values.length === 0 ? undefined : values.join(' | ');
}

/** Header names as a lax server reads them: only letters and digits, in lower case. */
export function foldedNames({ rawHeaders }: SeenRequest): readonly string[] {
  return rawHeaders
    .filter((_, index) => index % 2 === 0)
    .map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
}

function one(expects: string, identity: FixtureUser | undefined, expected: SeenAs): UpstreamOracle {
  return {
    expects,
    check: (seen, context) => {
      const [request] = seen;
      if (request === undefined) return 'the upstream saw nothing';
      if (seen.length > 1) return `the upstream saw ${describe(seen)}`;
      const found = context.identityOf(request);
      if (found !== identity)
        return `the upstream saw ${found ?? 'no identity'} instead of ${identity ?? 'no identity'}`;
      const folded = foldedNames(request);
      if (identity === undefined && folded.some((name) => name.startsWith('xsallyport')))
        return 'the upstream saw a header about an identity';
      return mismatch(request, folded, expected);
    },
  };
}

function mismatch(request: SeenRequest, folded: readonly string[], expected: SeenAs): string | undefined {
  const { target, method, body, headers = {}, without = [], nowhere = [] } = expected;
  if (target !== undefined && request.target !== target) return `the upstream saw the target ${request.target}`;
  if (method !== undefined && request.method !== method) return `the upstream saw the method ${request.method}`;
  const text = Buffer.from(request.bodyBase64, 'base64').toString('latin1');
  if (body !== undefined && text !== body) return `the upstream saw another body (${text.length} bytes)`;
  for (const [name, value] of Object.entries(headers)) {
    const found = valueOf(request, name);
    if (found !== value) return `the upstream saw ${name}: ${found ?? '(absent)'} instead of ${value}`;
  }
  const unwanted = without.filter((name) => folded.includes(name));
  if (unwanted.length > 0) return `the upstream saw ${unwanted.join(', ')}`;
  const all = [request.method, request.target, ...request.rawHeaders, text].join('\n');
  const leaked = nowhere.filter((part) => all.includes(part));
  return leaked.length > 0 ? `the upstream saw ${leaked.join(', ')}` : undefined;
}

function describe(seen: readonly SeenRequest[]): string {
  const shown = seen.slice(0, 3).map(({ method, target }) => `${method} ${target.slice(0, 80)}`.trim() || 'bytes');
  return `${seen.length} requests: ${shown.join(', ')}`;
}
