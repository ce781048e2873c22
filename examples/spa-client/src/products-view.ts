import { ClientError, type Client } from '@sallyport/client';
import { counts } from './clients.ts';
import { gateway } from './environment.ts';
import { explainError } from './explain-error.ts';
import { find, say, show, whileBusy } from './page.ts';

interface Product {
  readonly name: string;
  readonly priceCents: number;
  readonly currency: string;
  readonly stock: number;
}

/** Binds the list of products to the client that is signed in. */
export function createProductsView(): { open(client: Client): void } {
  let client: Client | undefined;
  const bind = (id: string, work: (signedIn: Client) => Promise<void>): void => {
    const button = find(id, HTMLButtonElement);
    button.addEventListener('click', () => {
      if (client === undefined) return;
      const signedIn = client;
      void attempt(() => whileBusy(button, () => work(signedIn)));
    });
  };
  bind('reload', load);
  bind('reload-many', async (signedIn) => {
    await Promise.all(Array.from({ length: 20 }, () => load(signedIn)));
  });
  bind('sign-out', (signedIn) => signedIn.signOut());
  find('devices-link', HTMLAnchorElement).href = `${gateway}/account`;
  return {
    open(signedIn) {
      client = signedIn;
      find('rows', HTMLTableSectionElement).replaceChildren();
      show('products');
      void attempt(() => load(signedIn));
    },
  };
}

async function load(client: Client): Promise<void> {
  const answer = await client.fetch('/api/shop/products');
  if (answer.ok) {
    const { items } = (await answer.json()) as { readonly items: readonly Product[] };
    find('rows', HTMLTableSectionElement).replaceChildren(...items.map(toRow));
    say('');
  } else {
    await answer.body?.cancel();
    say(
      answer.status === 403 ? 'Your account may not see products.' : `The shop answered with ${answer.status}.`,
      true,
    );
  }
  find('counts', HTMLElement).textContent =
    `Calls of the shop by this tab: ${counts.calls}. Refreshes of its token: ${counts.refreshes}.`;
}

function toRow({ name, priceCents, currency, stock }: Product): HTMLTableRowElement {
  const row = document.createElement('tr');
  const price = new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(priceCents / 100);
  row.append(toCell(name), toCell(price, 'number'), toCell(String(stock), 'number'));
  return row;
}

function toCell(text: string, className = ''): HTMLTableCellElement {
  const cell = document.createElement('td');
  cell.className = className;
  cell.textContent = text;
  return cell;
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Then the change of the status has shown the sign-in, and said why.
    if (error instanceof ClientError && error.code === 'SP_CLIENT_SIGNED_OUT') return;
    say(explainError(error), true);
  }
}
