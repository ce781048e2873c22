import { findOverdueLogouts } from '@sallyport/oauth';
import type { ContentCheck } from './content-context.ts';

/** How long a client may take until an operator is told: a restart of it is over by then. */
const patienceMilliseconds = 600_000;

/** Whether OAuth clients are told that sessions are over. */
export const checkBackchannelLogout: ContentCheck = {
  name: 'back-channel logout',
  run: async ({ config, records }) => {
    if (config.oauthProvider === undefined) return [];
    const overdue = await findOverdueLogouts(records, new Date(Date.now() - patienceMilliseconds));
    if (overdue.length === 0) return [{ kind: 'ok', finding: 'no client waits to be told that a session is over' }];
    return overdue.map(({ clientId, count, failure }) => ({
      kind: 'warning',
      finding: `${count} ended sessions are not known to the client ${clientId} (${failure})`,
      hint: 'It is tried for a day after the end of each session. "sallyport oauth-clients show" names its address; private-host means that its host is to be listed in oauthProvider.privateHosts.',
    }));
  },
};
