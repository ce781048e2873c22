/** What OpenSSL found wrong with the certificate of a service (X509_verify_cert), and the name check of Node.js after it. */
const refusedCertificates: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'service-certificate-expired'],
  ['CERT_NOT_YET_VALID', 'service-certificate-not-yet-valid'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'service-certificate-of-another'],
  ['CERT_REVOKED', 'service-certificate-revoked'],
  ['INVALID_PURPOSE', 'service-certificate-not-for-servers'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'service-certificate-unknown-authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'service-certificate-unknown-authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'service-certificate-unknown-authority'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'service-certificate-unknown-authority'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'service-certificate-unknown-authority'],
  ['CERT_SIGNATURE_FAILURE', 'service-certificate-unknown-authority'],
  ['CERT_UNTRUSTED', 'service-certificate-unknown-authority'],
]);

/** Alerts with which a service refuses the certificate of the gateway, or that it presents none (RFC 8446, section 6.2). */
const refusingAlerts =
  /^ERR_SSL_\w*ALERT_(?:CERTIFICATE_\w+|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/;

/** Whether the gateway refused the certificate of a service: then not a byte of the request has left. */
export function isCertificateRefused(code: string): boolean {
  return refusedCertificates.has(code);
}

/** Why a connection over TLS was refused, for the log, by the code of its error; `undefined` for any other failure. */
export function reasonOfTlsFault(code: string): string | undefined {
  return refusedCertificates.get(code) ?? (refusingAlerts.test(code) ? 'gateway-certificate-refused' : undefined);
}
