import { mailboxPort, type Choices, type PlacedService } from '../plan/choices.ts';
import { problemOfProductName } from '../plan/product-name.ts';
import type { Survey } from '../repository/survey.ts';
import type { Prompt } from './prompt.ts';

/** Asks what only people know. What a configuration that is there already says is not asked again. */
export async function askChoices(prompt: Prompt, survey: Survey, choices: Choices): Promise<Choices> {
  const chosen = survey.config === undefined ? await askAboutGateway(prompt, choices) : choices;
  const open = survey.services.flatMap(({ openControllers }) => openControllers);
  const declareAccess =
    open.length > 0 &&
    (await prompt.confirm(
      `${open.length} ${open.length === 1 ? 'file has a controller' : 'files have controllers'} without declared access, and a service does not start like that. Let signed-in people call them (@Authenticated())?`,
      choices.declareAccess,
    ));
  const examplePage =
    choices.examplePage && (await prompt.confirm('Add a page that only signed-in people see, as an example?', true));
  return { ...chosen, declareAccess, examplePage };
}

async function askAboutGateway(prompt: Prompt, choices: Choices): Promise<Choices> {
  const productName = await prompt.ask(
    'Name of the product, as its users know it',
    choices.productName,
    problemOfProductName,
  );
  const applications = [choices.next, ...choices.services].map(({ port }) => port.number);
  const isTaken = new Set([...applications, choices.internalPort, mailboxPort]);
  const port = await prompt.ask('Port that people open', String(choices.gatewayPort), (text) => {
    if (!/^\d{2,5}$/.test(text) || Number(text) > 65_535) return 'It is a number up to 65535.';
    return isTaken.has(Number(text))
      ? 'An application, the internal listener or the mailbox listens there.'
      : undefined;
  });
  const services: PlacedService[] = [];
  for (const each of choices.services)
    services.push({ ...each, prefix: each.stripPrefix ? await askPath(prompt, each, services) : each.prefix });
  return { ...choices, productName, gatewayPort: Number(port), publicUrl: `http://localhost:${port}`, services };
}

function askPath(prompt: Prompt, { name, prefix }: PlacedService, before: readonly PlacedService[]): Promise<string> {
  return prompt.ask(`Path of the service ${name}`, prefix, (text) => {
    if (!/^\/[A-Za-z0-9_~-]+(?:\/[A-Za-z0-9_~-]+)*$/.test(text)) return 'It is a plain path such as /api/orders.';
    if (/^\/(?:auth|_next|_zones)(?:\/|$)/.test(text)) return 'The gateway or Next.js has it.';
    return before.some((other) => other.prefix === text) ? 'Another service has it.' : undefined;
  });
}
