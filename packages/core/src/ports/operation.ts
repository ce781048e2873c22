import type * as z from 'zod';
import { SallyportError } from '../errors/sallyport-error.ts';

/** Which operator does something, and from where; for the event that reports it. */
export interface OperatorContext {
  /** `operator:` and the name that the operator has on the machine where the command runs. */
  readonly actor: string;
  readonly requestId: string;
  /** Of the machine that calls, or `local`. */
  readonly address: string;
}

/**
 * One thing that an operator does to a system. It is the same whether a gateway that runs does it, asked at its admin listener,
 * or the command line beside the stores.
 */
export interface Operation {
  /** Words with a slash between, such as `accounts/set-roles`. */
  readonly name: string;
  /** Resolves to what JSON can hold. Rejects with `SP_VALIDATION_FAILED` for an input that is not understood. */
  readonly run: (input: unknown, context: OperatorContext) => Promise<unknown>;
}

/** Does an operation somewhere, and resolves to its result. */
export type AskOperation = (name: string, input: object) => Promise<unknown>;

/**
 * Declares an operation by the schema of its input.
 *
 * @example
 * defineOperation({
 *   name: 'accounts/find',
 *   input: z.strictObject({ email: z.string().max(320) }),
 *   run: ({ email }) => accounts.findByEmail(email),
 * });
 */
export function defineOperation<Input>(declared: {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly run: (input: Input, context: OperatorContext) => Promise<unknown>;
}): Operation {
  const { name, input: schema, run } = declared;
  return {
    name,
    async run(input, context) {
      const parsed = schema.safeParse(input);
      if (parsed.success) return run(parsed.data, context);
      const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message }));
      throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'operation-input', errors });
    },
  };
}
