import { isList } from '../definition/record-types.ts';
import { isAlways, isNever, type FieldTypes, type Scalar, type Test } from './test.ts';

/** A filter for `find`, `updateOne`, `countDocuments` of a MongoDB driver. */
export type MongoFilter = Readonly<Record<string, unknown>>;

/** How records are stored in MongoDB. */
export interface MongoOptions {
  /** Where a field is stored: `_id` for `id`. @default its name */
  readonly path?: (field: string) => string;
  /** As what a value is stored: an ObjectId for its text. @default the value */
  readonly value?: (value: Scalar, field: string) => unknown;
}

/** No document has an `_id` in an empty list. FerretDB does not know `$expr`, with which others say so. */
const noDocument: MongoFilter = { _id: { $in: [] } };

/** Writes a test as a filter of MongoDB. */
export function toMongoFilter(test: Test, types: FieldTypes, options: MongoOptions = {}): MongoFilter {
  if (isAlways(test)) return {};
  if (isNever(test)) return noDocument;
  if ('of' in test) return { [`$${test.op}`]: test.of.map((part) => toMongoFilter(part, types, options)) };
  const { path = (field) => field, value: toStored = (value) => value } = options;
  const { field } = test;
  const name = path(field);
  switch (test.op) {
    case 'eq':
    case 'ne':
      return { [name]: { [`$${test.op}`]: toStored(test.value, field) } };
    case 'in':
    case 'nin':
      return { [name]: { [`$${test.op}`]: test.values.map((value) => toStored(value, field)) } };
    // To MongoDB a list that holds a null is equal to null.
    case 'exists':
      if (isList(types[field])) return { $or: [{ [name]: { $ne: null } }, { [name]: { $type: 'array' } }] };
      return { [name]: { $ne: null } };
    case 'missing':
      if (isList(types[field])) return { $and: [{ [name]: { $eq: null } }, { [name]: { $not: { $type: 'array' } } }] };
      return { [name]: { $eq: null } };
  }
}
