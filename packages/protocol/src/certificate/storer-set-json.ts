import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import { limits } from '../params/index.ts'
import { blsKeyBytes, blsSignatureBytes } from './bls.ts'
import { storerSetInvalid } from './errors.ts'
import { checkStorerSet, type Registration, type StorerSet } from './storer-set.ts'

/** A storer of a set's file: what it registered, and where its lane listens with which key. */
export type StorerEntry = Registration & {
  readonly host: string
  /** 0 where it is not known yet. */
  readonly port: number
  /** Ed25519 key of its lane, 32 bytes. */
  readonly laneKey: Uint8Array
}

/** A storer set with the addresses of its storers, in the set's order. */
export type StorerDirectory = {
  readonly epoch: number
  readonly beacon: Uint8Array
  readonly storers: readonly StorerEntry[]
}

/** The file: bytes as base64url, stakes as decimal text. */
export type StorerDirectoryJson = {
  readonly version: 1
  readonly epoch: number
  readonly beacon: string
  readonly storers: readonly {
    readonly key: string
    readonly stake: string
    readonly proof: string
    readonly host: string
    readonly port: number
    readonly laneKey: string
  }[]
}

const digits = /^[0-9]{1,20}$/

/** The set of a directory. Whether keys proved possession is for `makeStorerSet`. */
export function directorySet({ epoch, beacon, storers }: StorerDirectory): StorerSet {
  return { epoch, beacon, storers: storers.map(({ key, stake }) => ({ key, stake })) }
}

export function storerDirectoryToJson(directory: StorerDirectory): StorerDirectoryJson {
  return {
    version: 1,
    epoch: directory.epoch,
    beacon: encodeBase64Url(directory.beacon),
    storers: directory.storers.map(({ key, stake, proof, host, port, laneKey }) => ({
      key: encodeBase64Url(key),
      stake: String(stake),
      proof: encodeBase64Url(proof),
      host,
      port,
      laneKey: encodeBase64Url(laneKey),
    })),
  }
}

/** Reads what `storerDirectoryToJson` gives; throws `storer-set`. Form only. */
export function storerDirectoryFromJson(json: unknown): StorerDirectory {
  const fields = fieldsOf(json)
  if (fields.version !== 1) throw storerSetInvalid('the version of the storer set is not known.')
  const { epoch, storers } = fields
  if (typeof epoch !== 'number') throw storerSetInvalid('the epoch is no count.')
  if (!Array.isArray(storers) || storers.length > limits.storersMax) {
    throw storerSetInvalid(`storers are no list of at most ${limits.storersMax}.`)
  }
  const directory = {
    epoch,
    beacon: bytesOf(fields.beacon, 32, 'the beacon'),
    storers: storers.map(readEntry),
  }
  checkStorerSet(directorySet(directory))
  return directory
}

function readEntry(json: unknown): StorerEntry {
  const { key, stake, proof, host, port, laneKey } = fieldsOf(json)
  if (typeof stake !== 'string' || !digits.test(stake)) throw storerSetInvalid('a stake is digits.')
  if (typeof host !== 'string' || host.length > 253) throw storerSetInvalid('a host is a name.')
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw storerSetInvalid('a port is a number from 0 to 65535.')
  }
  return {
    key: bytesOf(key, blsKeyBytes, 'a key'),
    stake: BigInt(stake),
    proof: bytesOf(proof, blsSignatureBytes, 'a proof of possession'),
    host,
    port,
    laneKey: bytesOf(laneKey, 32, 'a lane key'),
  }
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) throw storerSetInvalid('it is no JSON object.')
  return { ...json }
}

function bytesOf(text: unknown, length: number, what: string): Uint8Array {
  const bytes = typeof text === 'string' && text.length < 256 ? decodeBase64Url(text) : undefined
  if (bytes?.length === length) return bytes
  throw storerSetInvalid(`${what} is not ${length} bytes of base64url.`)
}
