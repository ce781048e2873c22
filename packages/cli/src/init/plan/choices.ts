import type { AppPort } from '../repository/app-port.ts';
import type { NestService } from '../repository/find-nest-services.ts';
import type { Survey } from '../repository/survey.ts';

/** A Next.js application or a service, as the gateway sees it. */
export interface Placed {
  /** Name of its route, and audience of its tokens. */
  readonly name: string;
  readonly port: AppPort;
}

/** A service at its path. */
export interface PlacedService extends Placed {
  readonly service: NestService;
  readonly prefix: string;
  /** Whether the service does not know of the prefix. */
  readonly stripPrefix: boolean;
}

/** All that is decided before anything is written. */
export interface Choices {
  readonly productName: string;
  readonly publicUrl: string;
  readonly gatewayPort: number;
  readonly internalPort: number;
  readonly next: Placed;
  readonly services: readonly PlacedService[];
  /** Whether controllers without declared access get `@Authenticated()`. */
  readonly declareAccess: boolean;
  readonly examplePage: boolean;
}

/** What the command line says. */
export interface GivenChoices {
  readonly productName: string | undefined;
  readonly gatewayPort: number | undefined;
}

/** The development mailbox has it, unless the configuration says otherwise. */
export const mailboxPort = 3025;
const firstInternalPort = 3010;
const firstAppPort = 3001;
/** The ports that people try first. */
const gatewayPorts = [3000, 8080, 8000, 3030];

/** Decides what the user was not asked about. */
export function chooseDefaults(survey: Survey, given: GivenChoices): Choices {
  const { next, services, config } = survey;
  const names = chooseNames([next.name, ...services.map(({ name }) => name)]);
  const fixed = [...fixedPortsOf(survey).keys()];
  const written = portOf(config?.publicUrl);
  const gatewayPort = written ?? given.gatewayPort ?? gatewayPorts.find((port) => !fixed.includes(port)) ?? 3080;
  const taken = new Set([...fixed, gatewayPort, mailboxPort, ...developmentPortsOf(survey).values()]);
  const internalPort = (config?.internalPort ?? 0) || takeFrom(firstInternalPort, taken);
  taken.add(internalPort);
  const place = (name: string, port: AppPort | undefined): AppPort => {
    if (port !== undefined && port.variable === undefined) return port;
    const variable = port?.variable ?? 'PORT';
    const written = developmentPortsOf(survey).get(`${name} ${variable}`);
    if (written !== undefined) return { number: written, variable };
    const wanted = port?.number ?? firstAppPort;
    return { number: takeFrom(taken.has(wanted) ? firstAppPort : wanted, taken), variable };
  };
  const nextName = names[0] ?? 'web';
  const nextPlace = { name: nextName, port: place(nextName, next.port) };
  return {
    productName: given.productName ?? toProductName(survey),
    publicUrl: config?.publicUrl ?? `http://localhost:${gatewayPort}`,
    gatewayPort,
    internalPort,
    next: nextPlace,
    services: services.map((service, index) => {
      const name = names[index + 1] ?? service.name;
      return { name, service, port: place(name, service.port), ...choosePath(survey, service, name) };
    }),
    declareAccess: true,
    // An example that was deleted does not come back.
    examplePage: next.appFolder !== undefined && config === undefined,
  };
}

/** Who listens at a port that the gateway is to take, as far as it is written in the repository. */
export function findListenerAt(survey: Survey, port: number): string | undefined {
  if (port === mailboxPort) return 'the development mailbox';
  const fixed = fixedPortsOf(survey).get(port);
  if (fixed !== undefined) return fixed;
  const [application] = [...developmentPortsOf(survey)].find(([, number]) => number === port) ?? [];
  return application?.split(' ')[0];
}

/** Ports that stand in the code of applications, and whose they are. */
function fixedPortsOf({ next, services }: Survey): ReadonlyMap<number, string> {
  return new Map(
    [next, ...services].flatMap(({ name, port }) =>
      port !== undefined && port.variable === undefined ? [[port.number, name] as const] : [],
    ),
  );
}

/** Ports that `sallyport.dev.json` gives to applications already, by application and variable. */
function developmentPortsOf({ development }: Survey): ReadonlyMap<string, number> {
  return new Map(
    (development?.applications ?? []).flatMap(({ name, environment = {} }) =>
      Object.entries(environment).flatMap(([variable, value]) =>
        /^\d{2,5}$/.test(value) ? [[`${name} ${variable}`, Number(value)] as const] : [],
      ),
    ),
  );
}

/** The internal listener of the gateway, as applications on this machine call it. */
export function internalUrlOf({ internalPort }: Choices): string {
  return `http://127.0.0.1:${internalPort}`;
}

/** A service that answers below a prefix of its own keeps it; any other does not know of the one at the gateway. */
function choosePath(
  { next, services }: Survey,
  { globalPrefix }: NestService,
  name: string,
): { readonly prefix: string; readonly stripPrefix: boolean } {
  const isShared = services.filter((service) => service.globalPrefix === globalPrefix).length > 1;
  if (globalPrefix !== undefined && globalPrefix !== '' && !isShared)
    return { prefix: `/${globalPrefix}`, stripPrefix: false };
  const isAlone = services.length === 1 && !next.hasOwnApi;
  return { prefix: isAlone ? '/api' : `/api/${name}`, stripPrefix: true };
}

/** Names that the gateway, its mounts, the assets that zones share and `sallyport dev` have already. */
const reservedNames = new Set(['auth', 'brand', 'gateway', 'shared', 'shared-assets']);

/** Names of routes: lower-case letters, digits and dashes; no two are equal, and none is taken. */
function chooseNames(wanted: readonly string[]): readonly string[] {
  const names: string[] = [];
  // The first is the Next.js application, whose assets have a route too.
  const isTaken = (name: string): boolean =>
    names.includes(name) || reservedNames.has(name) || name === `${names[0]}-assets`;
  for (const each of wanted) {
    const plain = each
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[^a-z]+|-+$/g, '');
    const base = plain === '' ? 'app' : plain;
    let name = base;
    for (let count = 2; isTaken(name); count += 1) name = `${base}-${count}`;
    names.push(name);
  }
  return names;
}

function toProductName({ repository, packages }: Survey): string {
  const root = packages.find(({ folder }) => folder === '');
  const name = root?.name ?? repository.root.split(/[/\\]/).at(-1) ?? '';
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return words.length === 0
    ? 'My product'
    : words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

function portOf(url: string | undefined): number | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { port } = new URL(url);
  return port === '' ? undefined : Number(port);
}

function takeFrom(first: number, taken: Set<number>): number {
  let port = first;
  while (taken.has(port)) port += 1;
  taken.add(port);
  return port;
}
