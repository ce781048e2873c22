/** What proofs may be signed with: key pairs alone, so that who verifies a proof cannot make one (RFC 9449, section 4.3). */
export const dpopAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256'] as const;
