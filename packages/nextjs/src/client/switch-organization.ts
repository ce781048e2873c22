import { activeSessionSync } from './active-session-sync.ts';
import { authFetch } from './auth-fetch.ts';
import { postSessionNews } from './session-channel.ts';

/**
 * Makes another organization the active one of this session, or none; every tab of every application behind this gateway
 * asks for its data again. The person must be a member: the gateway decides, and tokens name the organization from then on.
 *
 * @param organization its id; `null` for none.
 * @throws ProblemError when it was refused: `SP_NOT_FOUND` for an organization that the person is no member of; TypeError
 *   when there was no answer.
 * @example
 * await switchOrganization('org_4f1c');
 */
export async function switchOrganization(organization: string | null): Promise<void> {
  await authFetch('/auth/organizations/active', { method: 'POST', json: { organization } });
  postSessionNews({ kind: 'changed' });
  await activeSessionSync()?.check();
}
