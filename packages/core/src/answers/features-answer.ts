/** `GET /auth/features` */
export interface FeaturesAnswer {
  /** Names of the sections of the configuration that are on, such as `apiKeys`. */
  readonly features: readonly string[];
}
