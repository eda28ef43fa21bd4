import { encodeBase64Url, HeddleError } from '@heddle/protocol/base'

/** No address is known for the key. */
export function storerUnknown(storer: Uint8Array): HeddleError {
  const key = encodeBase64Url(storer)
  const text = `storer ${key.slice(0, 12)}… has no address here. Give a storer set that names it.`
  return new HeddleError('storer-unknown', 'missing', text, { storer: key })
}
