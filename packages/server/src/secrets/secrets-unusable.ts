/** Why secrets could not be had from their source: goes on after the name of the setting, and holds nothing of the answer. */
export class SecretsUnusable extends Error {
  override readonly name = 'SecretsUnusable';
}
