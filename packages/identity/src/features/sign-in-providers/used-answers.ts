import { isDuplicateRow, recordModels, type Records } from '@sallyport/core';

/** Answers of providers that were used. Each is good once. */
export interface UsedAnswers {
  /** Uses one up: `true` for exactly one caller. */
  use(name: string, expiresAt: Date): Promise<boolean>;
}

/** Builds the notes of what was used. A row that exists is one that another caller was first with. */
export function createUsedAnswers(records: Records): UsedAnswers {
  return {
    async use(name, expiresAt) {
      try {
        await records.create({ model: recordModels.usedProviderAnswer, data: { name, expiresAt } });
        return true;
      } catch (error) {
        if (isDuplicateRow(error)) return false;
        throw error;
      }
    },
  };
}
