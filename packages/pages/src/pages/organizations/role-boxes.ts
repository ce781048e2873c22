import { tickBoxes } from '../../document/fields.ts';
import type { Html } from '../../document/html.ts';
import type { FormFields } from '../../forms/read-form.ts';

/** In front of the name of each box: a role may be called as another field of the form is. */
const prefix = 'role.';

export interface RoleBoxes {
  readonly offered: readonly string[];
  readonly ticked: readonly string[];
  readonly error: string | undefined;
}

/** The choice of roles inside an organization. */
export function roleBoxes({ offered, ticked, error }: RoleBoxes): Html {
  return tickBoxes({
    name: 'roles',
    label: 'Roles',
    error,
    boxes: offered.map((role) => ({ name: `${prefix}${role}`, label: role, isTicked: ticked.includes(role) })),
  });
}

/** The roles that were chosen. */
export function chosenRoles(form: FormFields): readonly string[] {
  return form.ticked(prefix);
}
