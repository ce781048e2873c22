import 'reflect-metadata';
import { plainToInstance, Type } from 'class-transformer';
import { IsEmail, IsInt, IsPositive, MaxLength, validate, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { toValidationError, type PropertyValidationError } from './validation-error.ts';

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
  });
});

class OrderLine {
  @MaxLength(5)
  name!: string;

  @IsPositive()
  @IsInt({ message: 'Whole boxes only' })
  boxes!: number;
}

class NewOrder {
  @IsEmail({}, { message: 'Please enter an address that we can write to' })
  email!: string;

  @ValidateNested({ each: true })
  @Type(() => OrderLine)
  lines!: OrderLine[];
}

describe('the errors of class-validator', () => {
  const errorsOf = async (body: object): Promise<unknown> => {
    const options = { whitelist: true, forbidNonWhitelisted: true, validationError: { target: false } };
    return toValidationError(await validate(plainToInstance(NewOrder, body), options)).errors;
  };

  it('name the field that a message of the team says nothing of', async () => {
    expect(await errorsOf({ email: 'canary', lines: [] })).toEqual([
      { field: 'email', message: 'Please enter an address that we can write to' },
    ]);
  });

  it('name fields of nested objects by their path, each constraint once', async () => {
    expect(await errorsOf({ email: 'a@b.test', lines: [{ name: 'too long a name', boxes: -0.5 }] })).toEqual([
      { field: 'lines.0.name', message: 'must be shorter than or equal to 5 characters' },
      { field: 'lines.0.boxes', message: 'Whole boxes only' },
      { field: 'lines.0.boxes', message: 'must be a positive number' },
    ]);
  });

  it('name a member that was not expected', async () => {
    expect(await errorsOf({ email: 'a@b.test', lines: [], isAdmin: true })).toEqual([
      { field: 'isAdmin', message: 'This field is not known here' },
    ]);
  });

  it('say of a body that is no object that it was refused', () => {
    const constraints = { unknownValue: 'an unknown value was passed to the validate function' };
    expect(toValidationError([{ constraints }]).errors).toEqual([{ field: '', message: constraints.unknownValue }]);
  });

  it('end at a depth that no form has', () => {
    let error: PropertyValidationError = { property: 'x', constraints: { isInt: 'x must be whole' } };
    for (let depth = 0; depth < 5000; depth++) error = { property: 'x', children: [error] };
    expect(toValidationError([error]).errors).toEqual([]);
  });
});
