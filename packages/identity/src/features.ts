import type { RecordTable, SealedColumn } from '@sallyport/core';
import { administrationFeature } from './features/administration/administration-feature.ts';
import { passwordFeature } from './features/passwords/password-feature.ts';
import { secondFactorFeature } from './features/second-factor/second-factor-feature.ts';

const features = [passwordFeature, secondFactorFeature, administrationFeature];

/** The tables of all features. */
export const featureTables: readonly RecordTable[] = features.flatMap(({ tables = [] }) => tables);

/** The columns in which features seal secrets, for a change of the root secret. */
export const identitySealedColumns: readonly SealedColumn[] = features.flatMap(
  ({ sealedColumns = [] }) => sealedColumns,
);
