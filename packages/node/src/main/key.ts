import { join } from 'node:path'
import {
  decodeBase64Url,
  decodeText,
  encodeBase64Url,
  encodeText,
  HeddleError,
} from '@heddle/protocol/base'
import type { Signer } from '@heddle/protocol/item'
import { arweaveSigner, ed25519Signer, type Runtime } from '../runtime/index.ts'

function keyInvalid(path: string, why: string, cause?: unknown): HeddleError {
  const text = `node key ${path}: ${why}; give an RSA or Ed25519 JWK (heddle keygen FILE)`
  return new HeddleError('node-key-invalid', 'invalid', text, { path }, { cause })
}

function signerOf(path: string, text: string): Signer {
  let jwk: unknown
  try {
    jwk = JSON.parse(text)
  } catch (cause) {
    throw keyInvalid(path, 'not JSON', cause)
  }
  if (typeof jwk !== 'object' || jwk === null || !('kty' in jwk))
    throw keyInvalid(path, 'not a JWK')
  if (jwk.kty === 'RSA') return arweaveSigner({ ...jwk, kty: 'RSA' })
  const seed = 'd' in jwk && typeof jwk.d === 'string' ? decodeBase64Url(jwk.d) : undefined
  if (jwk.kty !== 'OKP' || seed?.length !== 32) throw keyInvalid(path, 'no private Ed25519 key')
  return ed25519Signer(seed)
}

/**
 * The node's key: the wallet file named, or `node-key.json` in the data folder, which is made once. It
 * is the node's identity: whoever has it can order the logs this node hosts.
 */
export async function loadNodeKey(
  dataFolder: string,
  keyFile: string | undefined,
  { disk, random }: Runtime,
): Promise<Signer> {
  const path = keyFile ?? join(dataFolder, 'node-key.json')
  const found = await disk.read(path)
  if (found !== undefined) return signerOf(path, decodeText(found))
  if (keyFile !== undefined) throw keyInvalid(path, 'no such file')
  const seed = random.bytes(32)
  const signer = ed25519Signer(seed)
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: encodeBase64Url(signer.owner),
    d: encodeBase64Url(seed),
  }
  await disk.replace(path, encodeText(`${JSON.stringify(jwk)}\n`))
  return signer
}
