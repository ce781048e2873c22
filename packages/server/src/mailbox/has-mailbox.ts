import { isLoopbackHost } from '@sallyport/core';
import type { StartContext } from '../checks/start-context.ts';

/**
 * Whether the development mailbox takes what no configured server delivers: never in production, and elsewhere only where
 * the browsers of the gateway are on its machine, or NODE_ENV says that this is development. A server on which NODE_ENV was
 * forgotten is refused for want of a mail server, instead of keeping the mail of its users to itself.
 */
export function hasMailbox({ config, environment, preset }: StartContext): boolean {
  if (environment.isProduction) return false;
  const isLocal = isLoopbackHost(new URL(config.publicUrl).hostname);
  return isLocal || environment.isDevelopment || preset !== undefined;
}
