import type { Principal } from '@sallyport/nestjs';
import type * as z from 'zod';
import type { Permission } from '../policy.ts';

/** What a method is as a tool. There is none without a permission. */
export interface ToolOptions {
  readonly name: string;
  readonly description: string;
  /** What the caller has to hold: the agent was granted it, and its user holds it. */
  readonly permission: Permission;
  readonly input: z.ZodObject;
}

/** A method that agents call. What it returns is shown to the model. */
export type ToolMethod = (input: never, caller: Principal) => unknown;

const toolKey = Symbol('tool');

/**
 * Makes a method of a provider a tool.
 *
 * @example
 * `@Tool({ name: 'add_note', description: 'Adds a note', permission: 'note:write', input: z.object({ text: z.string() }) })`
 */
export function Tool(options: ToolOptions) {
  return <Method extends ToolMethod>(
    _target: object,
    _name: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    if (descriptor.value !== undefined) Reflect.defineMetadata(toolKey, options, descriptor.value);
  };
}

/** What a method says that it is as a tool; `undefined` for one that is none. */
export function toolOptionsOf(method: object): ToolOptions | undefined {
  return Reflect.getMetadata(toolKey, method) as ToolOptions | undefined; // `Tool` alone writes it.
}
