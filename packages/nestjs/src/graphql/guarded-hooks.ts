/** Hooks that were made here: the audit of the start tells them from those of others. */
const key = Symbol.for('@sallyport/nestjs:guarded-subscriptions');

/** Marks a function as one that lets no connection in before its caller is verified. */
export function markAsGuarded<Hook extends object>(hook: Hook): Hook {
  return Object.defineProperty(hook, key, { value: true });
}

/** Whether one of the hooks of a schema's subscriptions was made here. */
export function areGuarded(hooks: object): boolean {
  return Object.values(hooks).some((hook: unknown) => typeof hook === 'function' && Reflect.has(hook, key));
}
