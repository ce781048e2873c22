import {
  keyAlgorithms,
  recordModels,
  type KeyRingEntry,
  type KeyState,
  type KeyUse,
  type RecordTable,
} from '@sallyport/core';
import { dateOf, textOf, wordOf, type Row } from '../records/row.ts';

const keyUses = ['internal', 'oidc', 'client', 'logout'] as const satisfies readonly KeyUse[];
const keyStates = ['next', 'current', 'retiring'] as const satisfies readonly KeyState[];

/** The table of signing keys. The private part is sealed. */
export const keyTable = {
  model: recordModels.key,
  columns: {
    kid: { type: 'string', required: true, unique: true },
    use: { type: 'string', required: true, index: true },
    alg: { type: 'string', required: true },
    state: { type: 'string', required: true },
    /** `<use>:current`, `<use>:next`, or `null` for a retiring key: at most one key per use is current, and one next. */
    slot: { type: 'string', required: false, unique: true },
    signFrom: { type: 'date', required: true },
    verifyUntil: { type: 'date', required: true },
    publicJwk: { type: 'string', required: true },
    sealedPrivate: { type: 'string', required: true },
  },
} as const satisfies RecordTable;

/** Writes a key as a row. */
export function toKeyRow(entry: KeyRingEntry): Record<string, unknown> {
  return { ...entry, slot: slotOf(entry) };
}

/** What no two keys may hold at once. */
export function slotOf({ use, state }: Pick<KeyRingEntry, 'use' | 'state'>): string | null {
  return state === 'retiring' ? null : `${use}:${state}`;
}

/**
 * Reads a key from a row.
 *
 * @throws TypeError for a row that is damaged; its values are not in the message.
 */
export function toKeyRingEntry(row: Row): KeyRingEntry {
  return {
    kid: textOf(row, 'kid'),
    use: wordOf(row, 'use', keyUses),
    alg: wordOf(row, 'alg', keyAlgorithms),
    state: wordOf(row, 'state', keyStates),
    signFrom: dateOf(row, 'signFrom'),
    verifyUntil: dateOf(row, 'verifyUntil'),
    publicJwk: textOf(row, 'publicJwk'),
    sealedPrivate: textOf(row, 'sealedPrivate'),
  };
}
