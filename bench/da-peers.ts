import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installPeer } from './peers.ts'
import { remark } from './report.ts'

/** Encodes k data rows of a stripe to n rows by somebody else's code. */
export type PeerEncoder = {
  readonly name: string
  encode(k: number, n: number, data: Uint8Array): void
}

const require = createRequire(import.meta.url)

function open(name: string, version: string, entry: string): unknown {
  const peer = installPeer(name, version)
  if ('path' in peer) return require(join(peer.path, entry))
  remark(`${name} is not measured: ${peer.missing}`)
  return undefined
}

type ErasureWasm = {
  readonly ReedSolomonErasure: {
    fromBytes(bytes: Uint8Array): { encode(shards: Uint8Array, k: number, parity: number): number }
  }
}

/**
 * The fastest package we found that is a Reed–Solomon library and nothing else and reaches n = 192.
 */
function openErasureWasm(): PeerEncoder | undefined {
  const [name, version] = ['@digitaldefiance/reed-solomon-erasure.wasm', '1.0.2']
  const library = open(name, version, 'dist/index.js') as ErasureWasm | undefined
  const peer = installPeer(name, version)
  if (library === undefined || 'missing' in peer) return undefined
  const module = readFileSync(join(peer.path, 'dist/reed_solomon_erasure_bg.wasm'))
  const coder = library.ReedSolomonErasure.fromBytes(module)
  const shards = new Uint8Array(192 * 16384)
  const encode = (k: number, n: number, data: Uint8Array) => {
    shards.set(data)
    const code = coder.encode(shards.subarray(0, (data.length / k) * n), k, n - k)
    if (code !== 0) throw new Error(`${name} refused with ${code}`)
  }
  return { name: `${name} ${version}`, encode }
}

type Shards = { take_data(): Uint8Array }
type TypeberryNative = {
  readonly init: { reedSolomon(): Promise<unknown> }
  readonly reedSolomon: {
    ShardsCollection: new (pieceBytes: number, data: Uint8Array) => Shards
    encode(parity: number, shards: Shards): Shards
  }
}

/**
 * The crate reed-solomon-simd as WASM, part of a bundle for JAM nodes: the fastest code on npm we
 * found.
 */
async function openTypeberry(): Promise<PeerEncoder | undefined> {
  const [name, version] = ['@typeberry/native', '0.5.1-4e90642']
  const peer = installPeer(name, version)
  if ('missing' in peer) return void remark(`${name} is not measured: ${peer.missing}`)
  const { init, reedSolomon } = (await import(join(peer.path, 'index.js'))) as TypeberryNative
  await init.reedSolomon()
  const encode = (k: number, n: number, data: Uint8Array) => {
    reedSolomon.encode(n - k, new reedSolomon.ShardsCollection(data.length / k, data)).take_data()
  }
  return { name: `${name} ${version}`, encode }
}

/** Peers that could be opened; what is missing is remarked upon. */
export async function openPeerEncoders(): Promise<PeerEncoder[]> {
  const peers = [openErasureWasm(), await openTypeberry().catch(() => undefined)]
  return peers.filter((peer) => peer !== undefined)
}
