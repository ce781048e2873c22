import type { RoleEditor } from '../../accounts/role-editor.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import { createAuthorityMails, type AuthorityMailParts } from './authority-mails.ts';

export interface EditedRolesParts extends AuthorityMailParts {
  readonly roleEditor: RoleEditor;
}

/** Edits roles, and tells those who manage accounts when others can do so by it. */
export function createEditedRoles(parts: EditedRolesParts): RoleEditor {
  const { roleEditor } = parts;
  const mails = createAuthorityMails(parts);
  return {
    list: () => roleEditor.list(),
    async set(wish, context: AuditContext) {
      const outcome = await roleEditor.set(wish, context);
      if (outcome.gainsManagement)
        await mails.tellManagers({ email: `Each account with the role ${wish.name}` }, context);
      return outcome;
    },
    remove: (name, version, context) => roleEditor.remove(name, version, context),
  };
}
