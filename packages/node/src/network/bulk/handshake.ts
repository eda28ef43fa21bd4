import { concatBytes, encodeText, equalBytes } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Random, Socket } from '../../runtime/index.ts'
import type { ByteReader } from './byte-reader.ts'

/** The Ed25519 key of one end: a node's `Signer` of type 2 fits. */
export type LaneIdentity = {
  readonly owner: Uint8Array
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** What both ends need to prove keys to each other. */
export type HandshakeParts = {
  readonly identity: LaneIdentity
  readonly random: Random
  readonly engine: Pick<CryptoEngine, 'verifyEd25519'>
}

const magic = encodeText('HBL1')
const nonceBytes = 32
const keyBytes = 32
const signatureBytes = 64
const welcome = Uint8Array.of(1)
const refusal = Uint8Array.of(0)

/** Why a handshake failed: a key that is not what it should be, or a connection that ended meanwhile. */
export type HandshakeFault = { readonly blames: 'key' | 'connection'; readonly why: string }

type Transcript = readonly [
  clientNonce: Uint8Array,
  serverNonce: Uint8Array,
  clientKey: Uint8Array,
  serverKey: Uint8Array,
]

/** What an end signs: who it is in this exchange, both nonces, both keys. */
function statement(role: 'client' | 'server', transcript: Transcript): Uint8Array {
  return concatBytes([encodeText(`heddle bulk lane 1 ${role}`), ...transcript])
}

/** Proves our key and checks the server's. Resolves with what was wrong, undefined for nothing. */
export async function greetServer(
  { identity, random, engine }: HandshakeParts,
  socket: Socket,
  reader: ByteReader,
  pinnedKey: Uint8Array,
): Promise<HandshakeFault | undefined> {
  const nonce = random.bytes(nonceBytes)
  await socket.write([concatBytes([magic, nonce, identity.owner])])
  const answer = await reader.take(nonceBytes + keyBytes + signatureBytes)
  if (answer === undefined) return ended('before it proved a key')
  const serverNonce = answer.subarray(0, nonceBytes)
  const serverKey = answer.subarray(nonceBytes, nonceBytes + keyBytes)
  const signature = answer.subarray(nonceBytes + keyBytes)
  if (!equalBytes(serverKey, pinnedKey)) return wrongKey('has another key than the one pinned')
  const transcript: Transcript = [nonce, serverNonce, identity.owner, serverKey]
  if (!(await engine.verifyEd25519(serverKey, statement('server', transcript), signature))) {
    return wrongKey('could not prove its key')
  }
  await socket.write([await identity.sign(statement('client', transcript))])
  const verdict = await reader.take(welcome.length)
  if (verdict === undefined) return ended('before it took our key')
  return equalBytes(verdict, welcome) ? undefined : wrongKey('refuses our key')
}

function wrongKey(why: string): HandshakeFault {
  return { blames: 'key', why }
}

/** A peer that stops or stalls says nothing of its key. */
function ended(when: string): HandshakeFault {
  return { blames: 'connection', why: `the peer went ${when}` }
}

/** Proves our key and learns the client's; undefined where it could not prove one. */
export async function greetClient(
  { identity, random, engine }: HandshakeParts,
  socket: Socket,
  reader: ByteReader,
  allow: (key: Uint8Array) => boolean,
): Promise<Uint8Array | undefined> {
  const hello = await reader.take(magic.length + nonceBytes + keyBytes)
  if (hello === undefined || !equalBytes(hello.subarray(0, magic.length), magic)) return undefined
  const nonce = hello.subarray(magic.length, magic.length + nonceBytes)
  const clientKey = hello.subarray(magic.length + nonceBytes)
  const serverNonce = random.bytes(nonceBytes)
  const transcript: Transcript = [nonce, serverNonce, clientKey, identity.owner]
  const signature = await identity.sign(statement('server', transcript))
  await socket.write([concatBytes([serverNonce, identity.owner, signature])])
  const proof = await reader.take(signatureBytes)
  if (proof === undefined) return undefined
  const isProven = await engine.verifyEd25519(clientKey, statement('client', transcript), proof)
  if (!isProven || !allow(clientKey)) {
    await socket.write([refusal])
    return undefined
  }
  await socket.write([welcome])
  return clientKey
}
