export { createShop, type ShopParts } from './create-shop.ts';
export { createSqliteProductStore } from './products/sqlite-product-store.ts';
