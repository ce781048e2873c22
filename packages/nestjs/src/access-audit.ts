import { OptionsError } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { listHandlers, type DiscoveredHandler } from './list-handlers.ts';
import { resolveAccess } from './resolve-access.ts';

/** Stops the start while any handler of the application declares no access, and names every such handler at once. */
@Injectable()
export class AccessAudit {
  // In the constructor: every controller is known by then, and not even a microservice of a hybrid application listens.
  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
  ) {
    const problems = listHandlers(discovery, scanner).flatMap(problemsOf);
    if (problems.length === 0) return;
    throw new OptionsError(
      [
        `Sallyport refuses to start: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`} with declared access.`,
        ...problems.map((problem) => `  - ${problem}`),
        'Every handler needs one of these, on itself or on its controller:',
        "  @Permissions('product:create')   the caller holds all of these permissions",
        "  @Roles('admin')                  the caller holds one of these roles",
        '  @Authenticated()                 any caller that the gateway knows',
        "  @Public('why it may be open')    everyone",
      ].join('\n'),
    );
  }
}

function problemsOf(discovered: DiscoveredHandler): readonly string[] {
  const { handler, controller, methodName, transport } = discovered;
  const name = `${controller.name}.${methodName}`;
  const access = resolveAccess(handler, controller);
  if (access.kind === 'contradictory') return access.problems.map((problem) => `${name}: ${problem}`);
  if (access.kind === 'undeclared') return [`${name} (${transport}) declares no access`];
  // Nest runs a global guard neither on WebSocket and microservice handlers nor on GraphQL fields.
  if (access.kind === 'guarded' && transport !== 'HTTP') {
    return [
      `${name} (${transport}) cannot be guarded here: serve it over HTTP, or guard it yourself and say so with @Public(reason)`,
    ];
  }
  return [];
}
