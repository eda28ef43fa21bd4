export { decodeBase64Url, encodeBase64Url, isId } from './base64url.ts'
export {
  concatBytes,
  decodeText,
  decodeTextStrict,
  encodeText,
  equalBytes,
  textBytes,
  toHex,
  writeUtf8,
} from './bytes.ts'
export { assert, type ErrorKind, errorMessage, HeddleError, isHeddleError } from './error.ts'
