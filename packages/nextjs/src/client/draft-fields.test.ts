import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDraft, type DraftControl } from './draft-fields.ts';

function control(change: Partial<DraftControl>): DraftControl {
  return { name: 'name', type: 'text', value: 'typed', defaultValue: '', autocomplete: '', ...change };
}

describe('the draft of a form', () => {
  it('is what differs from what the page gave', () => {
    const options = [
      { value: 'eur', selected: false, defaultSelected: true },
      { value: 'usd', selected: true, defaultSelected: false },
    ];
    const controls = [
      control({ name: 'title', value: 'Blue lamp' }),
      control({ name: 'price', value: '5.00', defaultValue: '5.00' }),
      control({ name: 'text', type: 'textarea', value: '', defaultValue: 'before' }),
      control({ name: 'currency', type: 'select-one', value: 'usd', options }),
      control({ name: 'unit', type: 'select-one', value: 'eur', options }),
      control({ name: 'tag', type: 'checkbox', value: 'new', checked: true, defaultChecked: false }),
      control({ name: 'tag', type: 'checkbox', value: 'old', checked: false, defaultChecked: false }),
    ];

    expect(readDraft(controls)).toEqual([
      ['title', 'Blue lamp'],
      ['text', ''],
      ['currency', 'usd'],
      ['tag=new', true],
    ]);
  });

  it.each([
    { name: 'a password', change: { type: 'password' } },
    { name: 'a password that is shown', change: { autocomplete: 'current-password' } },
    { name: 'a new password that is shown', change: { autocomplete: 'section-a new-password' } },
    { name: 'a code', change: { autocomplete: 'one-time-code' } },
    { name: 'the number of a card', change: { autocomplete: 'billing cc-number' } },
    { name: 'a hidden field', change: { type: 'hidden' } },
    { name: 'a file', change: { type: 'file' } },
    { name: 'a field without a name', change: { name: '' } },
    { name: 'a password by its name alone', change: { name: 'newPassword' } },
    { name: 'a token by its name alone', change: { name: 'api_token' } },
    { name: 'a card by its name alone', change: { name: 'cardNumber' } },
  ] satisfies readonly { name: string; change: Partial<DraftControl> }[])('never holds $name', ({ change }) => {
    expect(readDraft([control(change)])).toEqual([]);
  });

  it('never holds what is typed into a secret, whatever else its field says', () => {
    const secret = fc.constantFrom(
      { type: 'password' },
      { autocomplete: 'current-password' },
      { autocomplete: 'one-time-code' },
      { name: 'password_again' },
    );
    const other = fc.record({ name: fc.string({ minLength: 1 }), value: fc.string(), defaultValue: fc.string() });
    fc.assert(
      fc.property(other, secret, (rest, mark) => {
        expect(readDraft([control({ ...rest, ...mark })])).toEqual([]);
      }),
    );
  });
});
