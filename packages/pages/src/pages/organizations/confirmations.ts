import { html } from 'hono/html';
import type { PageContent } from '../../document/document.ts';
import { hiddenFields } from '../../document/fields.ts';
import { organizationUrl } from './address.ts';
import { findMember } from './member-form.ts';
import type { AskedOrganization } from './organization-content.ts';

interface Question {
  readonly title: string;
  readonly lead: string;
  readonly label: string;
  readonly pending: string;
  /** Fields of the form that does it. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Where "Cancel" leads. */
  readonly back: string;
}

/** Asks before what cannot be taken back: a page in place of a dialog, so that no script is needed. */
export function confirmation(asked: AskedOrganization): PageContent | undefined {
  const question = questionOf(asked);
  if (question === undefined) return undefined;
  const { title, lead, label, pending, values, back } = question;
  return {
    title,
    lead,
    content: html`${asked.shown.notice}
      <form method="post" action="${asked.pages.organization}">
        ${hiddenFields({ ...values, organization: asked.view.id })}
        <div class="buttons">
          <button class="button button-danger" type="submit" data-pending="${pending}">${label}</button>
          <a class="button" href="${back}">Cancel</a>
        </div>
      </form>`,
  };
}

/** What the reader may not do is not asked about: the page is shown as it is. */
function questionOf(asked: AskedOrganization): Question | undefined {
  const { pages, view, found } = asked;
  const { id, after, confirm } = view;
  const { name } = found.organization;
  const back = organizationUrl(pages, { id, after });
  if (confirm === 'leave' && found.may.leave)
    return {
      title: `Leave ${name}?`,
      lead: 'You lose access to all that belongs to it, on every device, until you are invited again.',
      label: 'Leave',
      pending: 'Leaving…',
      values: { do: 'leave' },
      back,
    };
  if (confirm === 'delete' && found.may.delete)
    return {
      title: `Delete ${name}?`,
      lead: `${membersOf(found.members)} access to it at once, and its invitations end. This cannot be taken back.`,
      label: 'Delete organization',
      pending: 'Deleting…',
      values: { do: 'delete' },
      back,
    };
  const member = findMember(asked);
  if (confirm !== 'remove' || member?.mayRemove !== true) return undefined;
  return {
    title: `Remove ${member.user.name}?`,
    lead: `${member.user.name} loses access to ${name} at once, on every device. You can invite them again.`,
    label: 'Remove',
    pending: 'Removing…',
    values: { do: 'remove', member: member.user.id, after },
    back,
  };
}

function membersOf(count: number): string {
  return count === 1 ? 'You lose' : `All ${count} members lose`;
}
