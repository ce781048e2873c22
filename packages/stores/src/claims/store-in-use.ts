import { OptionsError } from '@sallyport/core';

/** Another process holds the data folder or the database. The message says what to do. */
export class StoreInUse extends OptionsError {
  override readonly name = 'StoreInUse';

  constructor(message: string) {
    super(message, 'SP_OPTIONS_STORE_IN_USE');
  }
}
