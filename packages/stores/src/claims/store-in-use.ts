/** Another process holds the data folder or the database. The message says what to do. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';
}
