import { textField, type Field } from '../../document/fields.ts';
import type { Html } from '../../document/html.ts';

/** How an organization is called. Identity decides what is a name. */
export function organizationNameField(field: Pick<Field, 'value' | 'error' | 'takesFocus'>): Html {
  return textField({
    ...field,
    name: 'name',
    label: 'Name',
    autocomplete: 'organization',
    whenEmpty: 'Enter a name.',
    more: { maxlength: 60 },
  });
}
