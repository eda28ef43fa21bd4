import { connect } from 'node:net'
import { concatBytes, encodeText } from '@heddle/protocol/base'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '../../runtime/index.ts'
import { encodeHeader, frameTypes } from './frame.ts'
import { type BulkServer, openBulkClient, openBulkServer } from './index.ts'

const runtime = createRuntime()
const { random } = runtime
const rounds = 10_000
const framesPerConnection = 100
const identity = ed25519Signer(random.bytes(32))
const parts = { engine: nodeCrypto, sockets: systemSockets, ...runtime }
const faults: unknown[] = []
let server: BulkServer

beforeAll(async () => {
  server = await openBulkServer(
    {
      ...parts,
      identity,
      handle: async (_kind, meta, body) => ({ meta, bodyParts: [body] }),
      onInternalError: (error) => void faults.push(error),
    },
    { host: '127.0.0.1', port: 0 },
    { metaBytesMax: 1000, bodyBytesMax: 100_000, stallTimeoutMs: 500, handshakeTimeoutMs: 500 },
  )
})

afterAll(() => server.close())

function below(limit: number): number {
  return Buffer.from(random.bytes(4)).readUInt32LE() % limit
}

/** A frame as a peer may send it, then with some of its bytes changed, cut off or repeated. */
function mutatedFrame(id: number): Uint8Array {
  const [metaBytes, bodyBytes] = [below(40), below(400)]
  const type = frameTypes.request
  const head = encodeHeader({ type, kind: below(7), id, metaBytes, bodyBytes })
  const frame = concatBytes([head, random.bytes(metaBytes), random.bytes(bodyBytes)])
  const way = below(4)
  if (way === 0) return frame.subarray(0, below(frame.length))
  if (way === 1) return concatBytes([frame, frame])
  for (let flips = below(4); flips >= 0; flips--) {
    // Headers are where parsers break.
    const at = below(way === 2 ? 16 : frame.length)
    frame[at] = (frame[at] ?? 0) ^ (1 << below(8))
  }
  return frame
}

/** Sends bytes behind a true handshake, or in its place; resolves when the server hangs up. */
async function attack(bytes: Uint8Array, isGreeted: boolean): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: server.port })
  const over = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => undefined)
  if (!isGreeted) {
    socket.resume()
    socket.end(bytes)
    return over
  }
  const attacker = ed25519Signer(random.bytes(32))
  const nonce = random.bytes(32)
  socket.write(concatBytes([encodeText('HBL1'), nonce, attacker.owner]))
  const answer = await new Promise<Uint8Array>((resolve) => socket.once('data', resolve))
  const role = encodeText('heddle bulk lane 1 client')
  const serverNonce = answer.subarray(0, 32)
  const proof = await attacker.sign(
    concatBytes([role, nonce, serverNonce, attacker.owner, identity.owner]),
  )
  socket.resume()
  socket.write(proof)
  socket.end(bytes)
  return over
}

it(`${rounds} mutated frames neither crash a server nor grow it`, async () => {
  const wave = async (from: number) => {
    const frames = Array.from({ length: framesPerConnection }, (_, at) => mutatedFrame(from + at))
    // One bad frame ends a connection, so each is also sent first.
    const each = frames.slice(0, 10).map((frame, at) => attack(frame, at % 4 > 0))
    await Promise.all([attack(concatBytes(frames), true), ...each])
  }
  for (let sent = 0; sent < rounds / 5; sent += framesPerConnection) await wave(sent)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  for (let sent = 0; sent < rounds; sent += framesPerConnection) await wave(sent)
  const grownBytes = process.memoryUsage().rss - before
  expect(grownBytes).toBeLessThan(64 * 1024 * 1024)
  expect(faults).toEqual([])
  const client = openBulkClient({ ...parts, identity: ed25519Signer(random.bytes(32)) })
  const peer = { host: '127.0.0.1', port: server.port, publicKey: identity.owner }
  const body = random.bytes(1000)
  const reply = await client.call(peer, 1, Uint8Array.of(1), [body])
  expect(Buffer.compare(reply.body, body)).toBe(0)
  client.close()
})
