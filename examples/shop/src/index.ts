export { createShop, type ShopParts } from './create-shop.ts';
export type { ProductStore } from './products/product-store.ts';
export { createSqliteProductStore } from './products/sqlite-product-store.ts';
