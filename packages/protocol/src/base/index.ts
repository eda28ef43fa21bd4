export { decodeBase64Url, encodeBase64Url, isId } from './base64url.ts'
export {
  concatBytes,
  decodeText,
  decodeTextStrict,
  encodeText,
  equalBytes,
  toHex,
} from './bytes.ts'
export { assert, type ErrorKind, errorMessage, HeddleError, isHeddleError } from './error.ts'
