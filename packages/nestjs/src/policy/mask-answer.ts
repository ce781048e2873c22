import { SallyportError } from '@sallyport/core';
import type { Access, AnyPolicy } from '@sallyport/policy';
import { isObject, memberOf } from '../transports/guarded-transport.ts';
import { requireJudgeable, toPlainRecord, type PlainRecord } from './judgeable-record.ts';
import type { MaskUse } from './policy-uses.ts';

/** What a mask is made with. */
export interface Masking extends MaskUse {
  readonly policy: AnyPolicy;
  readonly access: Access<AnyPolicy>;
  /** The error for what the caller may not see. */
  readonly deny: (record: PlainRecord, fields: readonly string[]) => Error;
}

/**
 * Leaves out of an answer what its caller may not see.
 *
 * @throws what `deny` makes, and `SP_INTERNAL` for an answer that cannot be judged.
 */
export function maskAnswer(answer: unknown, masking: Masking): unknown {
  return maskAt(answer, masking.path, masking);
}

function maskAt(answer: unknown, [name, ...rest]: readonly string[], masking: Masking): unknown {
  // No answer, and no page of one: there is nothing to show.
  if (answer === undefined || answer === null) return answer;
  if (name === undefined) return Array.isArray(answer) ? maskList(answer, masking) : maskOne(answer, masking);
  const page: unknown = typeof memberOf(answer, 'toJSON') === 'function' ? undefined : answer;
  if (!isObject(page) || Array.isArray(page) || !Object.hasOwn(page, name))
    throw new SallyportError('SP_INTERNAL', {
      reason: 'record-not-judgeable',
      cause: new Error(`${masking.type}: the answer has no ${masking.path.join('.')}, where its records would stand`),
    });
  return withMember(page, name, maskAt(Reflect.get(page, name), rest, masking));
}

/** Of the same class: a serializer that runs after this one asks it which members to leave out. */
function withMember(page: object, name: string, value: unknown): object {
  const members = Object.getOwnPropertyDescriptors({ ...page, [name]: value });
  return Object.create(Reflect.getPrototypeOf(page), members) as object;
}

function maskList(records: readonly unknown[], masking: Masking): readonly unknown[] {
  return records.flatMap((record) => {
    const plain = toJudged(record, masking);
    const isReadable = masking.access.can(masking.action, masking.type, plain);
    return isReadable || masking.onHidden === 'refuse' ? [maskRecord(plain, masking)] : [];
  });
}

function maskOne(record: unknown, masking: Masking): PlainRecord {
  const plain = toJudged(record, masking);
  if (!masking.access.can(masking.action, masking.type, plain)) throw masking.deny(plain, []);
  return maskRecord(plain, masking);
}

function toJudged(record: unknown, { policy, action, type }: Masking): PlainRecord {
  const plain = toPlainRecord(policy, type, record);
  requireJudgeable(policy, action, type, plain);
  return plain;
}

function maskRecord(record: PlainRecord, { access, action, type, onHidden, deny }: Masking): PlainRecord {
  const shown = access.mask(action, type, record);
  if (onHidden === 'mask') return shown;
  const hidden = Object.keys(record).filter((field) => record[field] !== undefined && !Object.hasOwn(shown, field));
  if (hidden.length > 0) throw deny(record, hidden);
  return shown;
}
