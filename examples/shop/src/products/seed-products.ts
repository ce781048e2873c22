import type { Product } from './product.ts';

/** Owner of the products that the shop starts with: no user's subject id, so only an administrator may change them. */
export const catalogueOwnerId = 'sallyport-demo-catalogue';

const catalogue: readonly (readonly [name: string, priceCents: number, stock: number, description: string])[] = [
  ['Alder desk lamp', 8900, 24, 'Dimmable desk lamp with an alder base and a linen-wrapped cable.'],
  ['Basalt mortar', 4200, 31, 'Hand-turned mortar and pestle from one piece of basalt.'],
  ['Beeswax candles, set of six', 2400, 120, 'Slow-burning dinner candles from pure beeswax.'],
  ['Birch serving tray', 3600, 48, 'Bent birch with an oiled finish and two comfortable handles.'],
  ['Brass door knocker', 6800, 17, 'Solid cast brass in the shape of a drawbridge. Ages well.'],
  ['Canvas field bag', 11900, 22, 'Waxed canvas, leather straps, room for a laptop and a picnic.'],
  ['Cast-iron kettle', 7400, 19, 'Enamelled inside, 1.2 litres, keeps tea hot for an hour.'],
  ['Ceramic pour-over set', 5200, 40, 'Dripper and carafe, glazed in slate blue.'],
  ['Felted wool slippers', 4900, 65, 'Warm, quiet and washable, with a natural rubber sole.'],
  ['Gatekeeper notebook', 1800, 210, 'Lay-flat binding, 192 numbered pages, dotted.'],
  ['Iron lantern', 9600, 14, 'Hurricane lantern that burns for twenty hours on one filling.'],
  ['Linen tea towels, pair', 2600, 88, 'Stonewashed linen that dries glasses without lint.'],
  ['Oak key rack', 3900, 52, 'Seven hooks on a solid oak board. No key gets lost again.'],
  ['Pocket sundial', 3300, 27, 'Folding brass sundial with a compass, accurate to a quarter of an hour.'],
  ['Recycled glass tumblers, four', 3100, 76, 'Blown from old bottles; each one is slightly different.'],
  ['Stoneware dinner plate', 2200, 140, 'Speckled stoneware, 27 cm, safe in dishwasher and oven.'],
  ['Walnut chess set', 14900, 9, 'Weighted pieces with drawbridges for rooks.'],
  ['Wool picnic blanket', 8400, 33, 'Woven from undyed wool, with a leather carrying strap.'],
];

/** The catalogue that a new shop starts with. */
export function seedProducts(now: Date): readonly Product[] {
  return catalogue.map(([name, priceCents, stock, description], index) => {
    const at = new Date(now.getTime() - (catalogue.length - index) * 3_600_000).toISOString();
    return {
      id: seedId(index),
      name,
      description,
      priceCents,
      currency: 'EUR',
      stock,
      status: 'published',
      ownerId: catalogueOwnerId,
      createdAt: at,
      updatedAt: at,
      version: 1,
    };
  });
}

/** Fixed ids, so that an address in the documentation keeps working. */
function seedId(index: number): string {
  return `5a111900-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
}
