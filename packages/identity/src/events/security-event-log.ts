import {
  recordModels,
  type EventCatalog,
  type Records,
  type SecurityEvent,
  type SecurityEventLog,
} from '@sallyport/core';

/**
 * Builds the log that appends events of a catalog to the table `sallyportEvent`. Details that do not fit their type are
 * refused.
 *
 * @throws TypeError when an event of another catalog is appended: that is a bug.
 */
export function createSecurityEventLog<Catalog extends EventCatalog>(
  records: Records,
  catalog: Catalog,
): SecurityEventLog<SecurityEvent<Catalog>> {
  return {
    async append(event) {
      const schema = Object.hasOwn(catalog, event.type) ? catalog[event.type] : undefined;
      if (schema === undefined) throw new TypeError(`no catalog has the event ${event.type}`);
      const details = schema.parse(event.details);
      await records.create({
        model: recordModels.event,
        data: {
          type: event.type,
          at: event.at,
          outcome: event.outcome,
          actor: event.actor ?? null,
          target: event.target ?? null,
          sid: event.sid ?? null,
          requestId: event.requestId,
          address: event.address,
          details: JSON.stringify(details),
        },
      });
    },
  };
}
