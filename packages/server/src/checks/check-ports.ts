import { createServer, type Server } from 'node:http';
import { OptionsError, type CheckFinding } from '@sallyport/core';
import { listen } from '@sallyport/gateway';
import type { Config } from '../config/config-schema.ts';
import { hasMailbox } from '../mailbox/has-mailbox.ts';
import { mailboxHost } from '../mailbox/open-mailbox.ts';
import type { StartCheck } from './start-context.ts';

/** A listener of the configuration, and the key of its port. */
interface ConfiguredListener {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

/**
 * Whether the ports of all listeners are free: each is bound, and let go. For the start alone, because beside a running
 * gateway none of them is.
 */
export const checkPorts: StartCheck = {
  name: 'ports',
  run: ({ config }) => problemsOfPorts(listenersOf(config)),
};

/** The same for the development mailbox, where one takes messages. */
export const checkMailboxPort: StartCheck = {
  name: 'port of the mailbox',
  run: (context) => {
    const { config, environment } = context;
    const isUsed =
      environment.smtpUrl === undefined ||
      (environment.smsGatewayUrl === undefined && config.secondFactor.methods.includes('sms'));
    if (!isUsed || !hasMailbox(context)) return [];
    const { port } = config.mailbox;
    return problemsOfPorts([{ key: 'mailbox.port', host: mailboxHost, port, name: 'the development mailbox' }]);
  },
};

/** All of them are bound at the same time: two may have been given one port, and that does not end by itself. */
async function problemsOfPorts(listeners: readonly ConfiguredListener[]): Promise<readonly CheckFinding[]> {
  const opened: Server[] = [];
  const own = new Set<number>();
  const failures: CheckFinding[] = [];
  for (const { key, name, ...address } of listeners) {
    if (address.port === 0) continue;
    const server = createServer((_request, response) => void response.destroy());
    try {
      await listen(server, address, name);
      opened.push(server);
      own.add(address.port);
    } catch (error) {
      const mayEndByItself = isTaken(error) && !own.has(address.port);
      failures.push({ kind: 'failure', key, finding: problemOf(error), mayEndByItself });
    }
  }
  await Promise.all(opened.map((server) => new Promise((resolve) => server.close(resolve))));
  return failures;
}

function listenersOf({ listen: open, internal, mtls, admin, forwardAuth }: Config): readonly ConfiguredListener[] {
  const { redirectFrom } = open;
  return [
    { key: 'listen.port', host: open.host, port: open.port, name: 'the gateway' },
    { key: 'internal.port', host: internal.host, port: internal.port, name: 'the internal listener' },
    ...(redirectFrom === undefined
      ? []
      : [
          {
            key: 'listen.redirectFrom.port',
            host: redirectFrom.host ?? open.host,
            port: redirectFrom.port,
            name: 'the listener that leads to https',
          },
        ]),
    ...(mtls === undefined ? [] : [{ key: 'mtls.listen.port', ...mtls.listen, name: 'the listener for machines' }]),
    ...(admin === undefined
      ? []
      : [{ key: 'admin.port', host: admin.host, port: admin.port, name: 'the admin listener' }]),
    ...(forwardAuth === undefined
      ? []
      : [{ key: 'forwardAuth.port', host: forwardAuth.host, port: forwardAuth.port, name: 'forward auth' }]),
  ];
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof OptionsError &&
    error.cause instanceof Error &&
    'code' in error.cause &&
    error.cause.code === 'EADDRINUSE'
  );
}

/** An address that this machine does not have is a problem of the system. */
function problemOf(error: unknown): string {
  if (error instanceof OptionsError) return `cannot be used: ${error.message}`;
  if (error instanceof Error && 'syscall' in error) return `cannot be used: ${error.message}`;
  throw error;
}
