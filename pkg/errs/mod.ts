export {
  assert,
  CorruptionError,
  codeOf,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetail,
  messageOf,
  NarthexError,
  unreachable,
} from "./errors.ts";
