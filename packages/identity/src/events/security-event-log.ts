import { recordModels, securityEventDetails, type Records, type SecurityEventLog } from '@sallyport/core';

/** Builds the log that appends events to the table `sallyportEvent`. Details that do not fit their type are refused. */
export function createSecurityEventLog(records: Records): SecurityEventLog {
  return {
    async append(event) {
      const details = securityEventDetails[event.type].parse(event.details);
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
