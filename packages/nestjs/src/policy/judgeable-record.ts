import { SallyportError } from '@sallyport/core';
import type { AnyPolicy } from '@sallyport/policy';
import { isObject, memberOf } from '../transports/guarded-transport.ts';
import { fieldsThatMustBeThere } from './widening-fields.ts';

/** A record as the policy judges it: an object of its own properties. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/**
 * Makes a plain object of a record: an entity of an ORM has its values behind `toJSON`, or behind getters of its class.
 *
 * @throws `SP_INTERNAL` for what is no record: a text, a list, a stream.
 */
export function toPlainRecord(policy: AnyPolicy, type: string, value: unknown): PlainRecord {
  const written: unknown = typeof memberOf(value, 'toJSON') === 'function' ? callToJson(value) : value;
  if (!isObject(written) || typeof written === 'function' || Array.isArray(written))
    throw notJudgeable(`${type}: this is no record but ${kindOf(written)}`);
  const fields = Object.keys(policy.records[type]?.fields ?? {});
  const prototype = Reflect.getPrototypeOf(written);
  const isPlain = prototype === Object.prototype || prototype === null;
  const record: PlainRecord = isPlain
    ? (written as PlainRecord) // An object without a class: its members are unknown to every reader.
    : { ...written, ...Object.fromEntries(fields.filter((field) => field in written).map(valueIn(written))) };
  if (fields.some((field) => Object.hasOwn(record, field))) return record;
  throw notJudgeable(`${type}: none of its fields is there (${fields.join(', ')}). Where do the records stand?`);
}

/**
 * Demands that a record has every property whose absence would allow more: a rule reads what is not there as null.
 *
 * @throws `SP_INTERNAL` that names what is missing, for the log.
 */
export function requireJudgeable(policy: AnyPolicy, action: string, type: string, record: PlainRecord): void {
  const missing = fieldsThatMustBeThere(policy, action, type).filter(
    (field) => !Object.hasOwn(record, field) || record[field] === undefined,
  );
  if (missing.length === 0) return;
  throw notJudgeable(
    `${type}: ${missing.join(', ')} of the record is missing, and rules look at it: load the whole record, and give null where there is no value`,
  );
}

/** The stack of its cause is in the log: it says what to do. */
function notJudgeable(text: string): SallyportError {
  return new SallyportError('SP_INTERNAL', { reason: 'record-not-judgeable', cause: new Error(text) });
}

function callToJson(value: unknown): unknown {
  return (value as { toJSON(): unknown }).toJSON(); // Looked at before; whatever it gives is looked at again.
}

function valueIn(owner: object): (field: string) => readonly [string, unknown] {
  return (field) => [field, Reflect.get(owner, field)];
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : typeof value;
}
