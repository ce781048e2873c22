import type { Server } from 'node:http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { Logger, Mailer } from '@sallyport/core';
import { listen } from '@sallyport/gateway';
import { createDevelopmentMailbox } from '@sallyport/identity';
import { Hono } from 'hono';
import type { Closing } from '../closing.ts';
import type { Config } from '../config/config-schema.ts';
import type { Preset } from '../preset.ts';

export interface MailboxComposition {
  readonly config: Config;
  /** What made the configuration, where it is a preset. */
  readonly preset?: Preset | undefined;
  readonly logger: Logger;
  readonly closing: Closing;
}

/** A mailbox in this process, and where people and programs read it. */
export interface OpenedMailbox {
  readonly mailer: Mailer;
  readonly url: string;
}

/** A reader of the mailbox can take over every account: no other address is bound, whatever is configured. */
export const mailboxHost = '127.0.0.1';

/**
 * Opens the development mailbox: email and text messages stay in memory, `GET /` shows them to people and
 * `GET /messages?to=` to programs, newest first.
 *
 * @throws OptionsError `SP_OPTIONS_PORT_UNAVAILABLE` when its port is taken.
 */
export async function openMailbox({ config, preset, logger, closing }: MailboxComposition): Promise<OpenedMailbox> {
  const beside = preset?.besideMailbox;
  const mailbox = createDevelopmentMailbox({
    hosts: config.mailbox.hosts,
    ...(beside === undefined ? {} : { previewPath: beside.path }),
  });
  const app = new Hono<{ Bindings: HttpBindings }>();
  if (beside !== undefined) app.route('/', beside.app);
  app.route('/', mailbox.app);
  // Without options for HTTP/2 or TLS this makes a plain server.
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const port = await listen(
    server,
    { host: mailboxHost, port: config.mailbox.port },
    'the development mailbox, mailbox.port',
  );
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const url = mailboxUrlOf(port);
  logger.info('messages stay in the development mailbox', { event: 'mailbox-ready', url, port });
  return { mailer: mailbox.mailer, url };
}

/** Where the mailbox of a port is. */
export function mailboxUrlOf(port: number): string {
  return `http://${mailboxHost}:${port}`;
}
