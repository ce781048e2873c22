import { SallyportError, type Caller } from '@sallyport/core';
import {
  createParamDecorator,
  Inject,
  Injectable,
  Optional,
  type ExecutionContext,
  type PipeTransform,
  type Type as Class,
} from '@nestjs/common';
import type { AccessFilter } from '@sallyport/policy';
import { callerOfContext } from '../request-caller.ts';
import type { PolicyAction, PolicyType } from './known-policy.ts';
import { addPolicyUse } from './policy-uses.ts';
import { SallyportAccess } from './sallyport-access.ts';

/** What the parameter is before the pipe: a class, so that nothing that a caller sends is taken for one. */
class AskedFilter {
  readonly caller: Caller;
  readonly action: string;
  readonly type: string;

  constructor(caller: Caller, action: string, type: string) {
    this.caller = caller;
    this.action = action;
    this.type = type;
  }
}

/** Asks the policy for the filter: a parameter decorator has no providers, and a pipe has. */
@Injectable()
export class AccessConditionsPipe implements PipeTransform<unknown, AccessFilter> {
  readonly #access: SallyportAccess | undefined;

  // Optional: a test of one controller may build it without the module, and calls its methods itself.
  constructor(@Optional() @Inject(SallyportAccess) access?: SallyportAccess) {
    this.#access = access;
  }

  transform(asked: unknown): AccessFilter {
    if (!(asked instanceof AskedFilter)) throw new SallyportError('SP_INTERNAL', { reason: 'filter-was-transformed' });
    if (this.#access === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' });
    return this.#access.of(asked.caller).filter(asked.action, asked.type);
  }
}

/**
 * Gives a handler the records that its caller may do this with, as a filter of its query: `toSql({ dialect })` with
 * parameters, `toMongo()`, `matches(record)`. It says nothing about who may call: an access decorator must stand beside it.
 *
 * In the WHERE clause of a write it decides in the transaction of the write itself.
 *
 * @example
 * list(@AccessConditions('read', 'Product') readable: AccessFilter) {
 *   const { text, parameters } = readable.toSql({ dialect: 'postgres' });
 *   return this.database.query(`SELECT * FROM product WHERE ${text}`, parameters);
 * }
 */
export function AccessConditions<const Type extends PolicyType>(
  action: PolicyAction<Type>,
  type: Type,
): ParameterDecorator {
  const give = askFilter({ action, type }, AccessConditionsPipe);
  return (target, name, index) => {
    give(target, name, index);
    const handler: unknown = name === undefined ? undefined : Reflect.get(target, name);
    if (typeof handler === 'function') addPolicyUse(handler, { kind: 'filter', action, type });
  };
}

interface FilterName {
  readonly action: string;
  readonly type: string;
}

// Typed by hand: the inferred type names what Nest 12 exports and Nest 11 does not.
const askFilter: (name: FilterName, pipe: Class<PipeTransform>) => ParameterDecorator = createParamDecorator(
  ({ action, type }: FilterName, context: ExecutionContext): AskedFilter =>
    new AskedFilter(callerOfContext(context), action, type),
);
