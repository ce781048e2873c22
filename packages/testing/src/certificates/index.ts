export {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateRequest,
} from './test-authority.ts';
