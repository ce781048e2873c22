import type { ProcessName } from './demo-processes.ts';

/** Secrets and addresses that one process alone may see. */
const owners: readonly (readonly [pattern: RegExp, owners: readonly ProcessName[]])[] = [
  [/^(?:SMTP_|SMS_|DATABASE_|REDIS_|SALLYPORT_|DEMO_|UPSTREAM_)/, ['gateway', 'gateway-2']],
  [/^MONGODB_/, ['shop', 'orders']],
];

/** Addresses of the servers that a test run has started. */
const testsOnly = /^TEST_/;

type Variables = Readonly<Record<string, string | undefined>>;

/** What a process inherits from the environment of the launcher: no process gets the secrets of another one. */
export function inheritedEnvironment(name: ProcessName, variables: Variables): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(variables).filter(
      ([key]) => !testsOnly.test(key) && owners.every(([pattern, names]) => names.includes(name) || !pattern.test(key)),
    ),
  );
}
