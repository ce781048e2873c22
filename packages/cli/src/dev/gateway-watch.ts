import * as z from 'zod';
import type { ProcessGroup } from './process-group.ts';

/** Follows the gateway that runs, by its log. */
export interface GatewayWatch {
  /** Hears a line of its log. */
  readonly onLine: (line: string) => void;
  /** Asks it to read its configuration again: at once, or as soon as it is ready. */
  readonly reload: () => void;
  /** Resolves when it is ready, with the address of its mailbox where it has one. */
  readonly ready: Promise<{ readonly mailboxUrl: string | undefined }>;
}

const eventSchema = z.object({ event: z.string(), url: z.string().optional() });

/**
 * Watches the gateway. Before it is ready it has no handler for the signal to reload, which would end it.
 *
 * @param gateway gives its process, once that was started.
 */
export function watchGateway(gateway: () => Pick<ProcessGroup, 'reload'> | undefined): GatewayWatch {
  const { promise, resolve } = Promise.withResolvers<{ readonly mailboxUrl: string | undefined }>();
  let mailboxUrl: string | undefined;
  let isReady = false;
  let isReloadWanted = false;
  return {
    ready: promise,
    onLine: (line) => {
      const entry = readEvent(line);
      if (entry?.event === 'mailbox-ready') mailboxUrl = entry.url;
      if (entry?.event !== 'gateway-ready') return;
      isReady = true;
      resolve({ mailboxUrl });
      if (isReloadWanted) gateway()?.reload();
    },
    reload: () => {
      if (isReady) gateway()?.reload();
      else isReloadWanted = true;
    },
  };
}

function readEvent(line: string): z.infer<typeof eventSchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
