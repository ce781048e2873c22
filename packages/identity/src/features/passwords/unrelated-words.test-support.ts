/** Words as a dice list has them, of which none is among the most frequent passwords and no two make a common third. */
export const unrelatedWords: readonly string[] = `
abacus blender cabinet dimple envelope frosting gravel harness insulin jigsaw kettle lantern molecule nutmeg obelisk
pamphlet quarry rhubarb saddle tangerine umbrella vineyard walnut yogurt zeppelin anchor barley cactus dough elbow
fossil gutter hatchet icicle juggler kayak limestone marmalade nozzle orchard paddle quiver ribbon sandwich thistle
upholstery varnish whistle yarn zigzag
`
  .trim()
  .split(/\s+/);
