export {
  definePolicyTests,
  parsePolicyTests,
  type AnyPolicyTestCase,
  type MatrixCell,
  type PolicyTestCase,
  type PolicyTests,
  type PolicyTestTable,
  type TestCaller,
  type TestRecord,
} from './policy-test-table.ts';
export {
  runPolicyTests,
  type PolicyTestFailure,
  type PolicyTestReport,
  type RuleMutationReport,
} from './run-policy-tests.ts';
