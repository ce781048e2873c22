import type { Choices, PlacedService } from '../plan/choices.ts';
import { showPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';

/** Writes `sallyport.config.ts`: what is behind the gateway, and who may pass. */
export function writeGatewayConfig(survey: Survey, choices: Choices): string {
  const { productName, publicUrl, gatewayPort, internalPort, next, services } = choices;
  return [
    "import { defineConfig, zone } from 'sallyport';",
    '',
    'export default defineConfig({',
    `  publicUrl: ${text(publicUrl)},`,
    `  listen: { port: ${gatewayPort} },`,
    '  // Where applications ask for signing keys and hear of ended sessions; never a public address.',
    `  internal: { port: ${internalPort} },`,
    '  // Pages, mails and authenticator apps show it: a logo, colours and links go here as well.',
    `  brand: { name: ${text(productName)} },`,
    '  // Every permission with a sentence, and every role with its permissions. New accounts have the role user.',
    "  //   permissions: { 'report:read': 'Reads reports' }, roles: { user: [], admin: ['report:read'] }",
    '  // "sallyport roles apply" stores a change of them, before the next start.',
    '  policy: { permissions: {}, roles: { user: [], admin: [] } },',
    `  // "permissions" of a route says which of them its application is told of: ['*'] for all, ['report:*'] for some.`,
    '  // Without it @Permissions() and <Show> find none, whatever the user may do.',
    '  routes: [',
    `    // Next.js: ${showPath(survey.next.folder)}. "optional" lets everybody in, and tells the pages who is signed in.`,
    '    // zone() makes the route of its scripts, styles and fonts as well.',
    `    ...zone(${text(next.name)}, {`,
    `      mount: '/',`,
    `      upstream: ${text(originOf(next.port.number))},`,
    `      access: 'optional',`,
    `      permissions: ['*'],`,
    '    }),',
    ...services.flatMap(writeServiceRoute),
    '  ],',
    '});',
    '',
  ].join('\n');
}

/** The lines of `routes` for a service. */
export function writeServiceRoute({ name, service, port, prefix, stripPrefix }: PlacedService): readonly string[] {
  return [
    `    // NestJS: ${showPath(service.folder)}`,
    ...writeRoute([
      `name: ${text(name)}`,
      `prefix: ${text(prefix)}`,
      ...(stripPrefix ? ['stripPrefix: true'] : []),
      `upstream: ${text(originOf(port.number))}`,
      `audience: ${text(name)}`,
      `access: 'signed-in'`,
      `permissions: ['*']`,
    ]),
  ];
}

function writeRoute(members: readonly string[]): readonly string[] {
  return ['    {', ...members.map((member) => `      ${member},`), '    },'];
}

function originOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
