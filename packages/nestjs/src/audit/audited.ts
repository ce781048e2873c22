import { UseInterceptors } from '@nestjs/common';
import { AuditInterceptor } from './audit-interceptor.ts';
import { setAuditedAction, type AuditedOptions } from './audit-port.ts';

/**
 * Writes what a handler did, and for whom, to the `audit` port of the options; without one the start fails. What the guard
 * refuses never reaches the handler: it is in the log, as `request-refused`.
 *
 * @param action what is done, in the words of the domain: `order.refunded`.
 * @example
 * `@Permissions('order:refund') @Audited('order.refunded', { required: true }) @Post('refunds') refund() {}`
 */
export function Audited(action: string, options: AuditedOptions = {}): MethodDecorator {
  return (target, name, descriptor) => {
    if (typeof descriptor.value === 'function') setAuditedAction(descriptor.value, { ...options, action });
    UseInterceptors(AuditInterceptor)(target, name, descriptor);
  };
}
