import { recordModels, SallyportError, type RecordFilter, type Records, type Sealer } from '@sallyport/core';
import { factorMethods, type FactorMethod } from './factor-method.ts';

/** A second factor of an account. `value` is a secret: the TOTP secret, or the address or number that codes go to. */
export interface Factor {
  readonly id: string;
  readonly userId: string;
  readonly method: FactorMethod;
  readonly value: string;
  /** As it is stored: what compare-and-set compares. */
  readonly sealed: string;
  /** When it was confirmed, or begun. */
  readonly at: Date;
}

/** The second factors of accounts. An account has at most one of each method, and one of each that is being set up. */
export interface FactorTable {
  /** The confirmed factors, also those whose method is switched off now. */
  list(userId: string): Promise<readonly Factor[]>;
  /** Whether there is a confirmed one: asked at every look-up of a session, so that nothing is opened for it. */
  hasAny(userId: string): Promise<boolean>;
  find(userId: string, method: FactorMethod): Promise<Factor | null>;
  /** Begins to set one up. Takes the place of one that was begun before. */
  begin(userId: string, method: FactorMethod, value: string): Promise<void>;
  /** The one that is being set up, for a quarter of an hour. */
  findBegun(userId: string, method: FactorMethod): Promise<Factor | null>;
  /**
   * Makes a begun factor count, in place of the confirmed one of its method. Resolves to `null` for all callers but the
   * first, and when another was begun meanwhile.
   */
  confirm(begun: Factor, usedStep: number): Promise<{ readonly replaced: boolean } | null>;
  /** Uses a time step up: `true` for exactly one caller, and never for a step that is not later than every used one. */
  claimStep(factor: Factor, step: number): Promise<boolean>;
  /** Resolves to `false` when there is none. */
  remove(userId: string, method: FactorMethod): Promise<boolean>;
  /** Removes all, begun ones too, and resolves to the methods that were confirmed. */
  removeAll(userId: string): Promise<readonly FactorMethod[]>;
}

interface FactorRow {
  readonly id: string;
  readonly userId: string;
  readonly method: string;
  readonly sealed: string;
  readonly confirmedAt: Date | null;
  readonly createdAt: Date;
}

const model = recordModels.factor;

/** How long a user may take from the QR code to the first code. */
const begunMilliseconds = 15 * 60 * 1000;

/** Builds the table of second factors. Secrets, addresses and numbers are sealed for their user. */
export function createFactorTable(records: Records, sealer: Sealer, now: () => Date): FactorTable {
  const findRow = (slot: string): Promise<FactorRow | null> =>
    records.findOne<FactorRow>({ model, where: [{ field: 'slot', value: slot }] });

  const toFactor = (row: FactorRow): Factor => {
    const method = factorMethods.find((name) => name === row.method);
    if (method === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'factor-of-unknown-method' });
    const { id, userId, sealed } = row;
    return { id, userId, method, sealed, value: sealer.open(sealed, userId), at: row.confirmedAt ?? row.createdAt };
  };

  const rewrite = (slot: string, row: Record<string, unknown>): Promise<number> =>
    records.updateMany({ model, where: [{ field: 'slot', value: slot }], update: row });

  const confirmedOf = (userId: string): RecordFilter[] => [
    { field: 'userId', value: userId },
    { field: 'confirmedAt', value: null, operator: 'ne' },
  ];

  return {
    // By one column, so that look-ups of several sessions share a statement.
    async hasAny(userId) {
      const rows = await records.findMany<FactorRow>({ model, where: [{ field: 'userId', value: userId }] });
      return rows.some(({ confirmedAt }) => confirmedAt !== null);
    },
    async list(userId) {
      const rows = await records.findMany<FactorRow>({ model, where: confirmedOf(userId) });
      const found = rows.map(toFactor);
      return factorMethods.flatMap((method) => found.filter((factor) => factor.method === method));
    },
    async find(userId, method) {
      const row = await findRow(slotOf(userId, method));
      return row === null ? null : toFactor(row);
    },
    async begin(userId, method, value) {
      const slot = begunSlotOf(userId, method);
      const row = { sealed: sealer.seal(value, userId), createdAt: now() };
      if ((await rewrite(slot, row)) > 0) return;
      try {
        await records.create({ model, data: { slot, userId, method, confirmedAt: null, lastUsedStep: 0, ...row } });
      } catch (error) {
        // Begun twice at the same moment: the later one counts. Anything else is a fault.
        if ((await rewrite(slot, row)) === 0) throw error;
      }
    },
    async findBegun(userId, method) {
      const row = await findRow(begunSlotOf(userId, method));
      const isFresh = row !== null && now().getTime() - row.createdAt.getTime() < begunMilliseconds;
      return isFresh ? toFactor(row) : null;
    },
    async confirm(begun, usedStep) {
      const slot = slotOf(begun.userId, begun.method);
      const thisOne = [
        { field: 'id', value: begun.id },
        { field: 'slot', value: begunSlotOf(begun.userId, begun.method) },
        { field: 'sealed', value: begun.sealed },
      ];
      const confirmed = { confirmedAt: now(), lastUsedStep: usedStep };
      if ((await findRow(slot)) === null) {
        const count = await records.updateMany({ model, where: thisOne, update: { slot, ...confirmed } });
        return count === 1 ? { replaced: false } : null;
      }
      // The old factor stays until the new one has its place: at no moment is the account without.
      if ((await records.deleteMany({ model, where: thisOne })) !== 1) return null;
      const count = await rewrite(slot, { sealed: begun.sealed, ...confirmed });
      return count === 1 ? { replaced: true } : null;
    },
    async claimStep(factor, step) {
      const count = await records.updateMany({
        model,
        where: [
          { field: 'id', value: factor.id },
          { field: 'sealed', value: factor.sealed },
          { field: 'lastUsedStep', value: step, operator: 'lt' },
        ],
        update: { lastUsedStep: step },
      });
      return count === 1;
    },
    async remove(userId, method) {
      await records.deleteMany({ model, where: [{ field: 'slot', value: begunSlotOf(userId, method) }] });
      return (await records.deleteMany({ model, where: [{ field: 'slot', value: slotOf(userId, method) }] })) === 1;
    },
    async removeAll(userId) {
      const where = [{ field: 'userId', value: userId }];
      const rows = await records.findMany<FactorRow>({ model, where });
      await records.deleteMany({ model, where });
      const confirmed = new Set(rows.flatMap((row) => (row.confirmedAt === null ? [] : [row.method])));
      return factorMethods.filter((method) => confirmed.has(method));
    },
  };
}

function slotOf(userId: string, method: FactorMethod): string {
  return `${userId}:${method}`;
}

function begunSlotOf(userId: string, method: FactorMethod): string {
  return `${slotOf(userId, method)}:begun`;
}
