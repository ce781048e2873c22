export {
  sessionToToken,
  type SessionToTokenOptions,
  type SessionToTokenVariables,
  type TranslatedRequest,
} from './session-to-token.ts';
