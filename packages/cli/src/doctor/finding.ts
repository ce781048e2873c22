import { describeFinding, type NamedFinding, type StartContext } from '@sallyport/server';

/** What was looked at, how it is, and what to do about it. */
export interface Finding {
  readonly check: string;
  /** `bad`: no gateway starts, or the one that runs does not serve. `warning`: it serves, and is not safe. */
  readonly state: 'good' | 'note' | 'warning' | 'bad';
  readonly finding: string;
  /** One line: what to do. */
  readonly fix?: string;
}

/** The configuration and the environment of a deployment. */
export type Settings = StartContext;

const states = { ok: 'good', warning: 'warning', failure: 'bad' } as const;

/** What a check of the start found. */
export function toFinding({ check, found }: NamedFinding): Finding {
  const { kind, hint } = found;
  const state = kind === 'ok' && hint !== undefined ? 'note' : states[kind];
  return { check, state, finding: describeFinding(found), ...(hint === undefined ? {} : { fix: hint }) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it cannot be used';
}
