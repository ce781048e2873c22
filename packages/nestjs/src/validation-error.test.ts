import { describe, expect, it } from 'vitest';
import { toValidationError, toValidationErrorFromTexts } from './validation-error.ts';

describe('a validation error', () => {
  it('names nested fields by their path', () => {
    const { code, errors } = toValidationError([
      { message: 'Too short', path: ['lines', 0, 'name'] },
      { message: 'Required', path: [{ key: 'address' }, { key: 'city' }] },
    ]);
    expect(code).toBe('SP_VALIDATION_FAILED');
    expect(errors).toEqual([
      { field: 'lines.0.name', message: 'Too short' },
      { field: 'address.city', message: 'Required' },
    ]);
  });

  it('names each unknown field', () => {
    const { errors } = toValidationError([{ message: 'Unrecognized keys', path: ['owner'], keys: ['a', 'b'] }]);
    expect(errors?.map(({ field }) => field)).toEqual(['owner.a', 'owner.b']);
  });

  it('stays small however many and however long the fields of the caller are', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `${index}`.padEnd(9000, 'x'));
    expect(JSON.stringify(toValidationError([{ message: '', keys }]).errors).length).toBeLessThan(5000);
    const texts = keys.map((key) => `property ${key} should not exist`);
    expect(JSON.stringify(toValidationErrorFromTexts(texts).errors).length).toBeLessThan(10_000);
  });

  it.each([
    { text: 'name: is too long', field: 'name', message: 'is too long' },
    { text: 'price must be positive', field: 'price', message: 'must be positive' },
    { text: 'lines.0.name: Required', field: 'lines.0.name', message: 'Required' },
    { text: '', field: '', message: '' },
    { text: '— odd —', field: '', message: '— odd —' },
  ])('finds the field of $text', ({ text, field, message }) => {
    expect(toValidationErrorFromTexts([text]).errors).toEqual([{ field, message }]);
  });
});
