import { join } from 'node:path'
import { type BlsSigner, provePossession, type StorerEntry } from '@heddle/protocol/certificate'
import type { Signer } from '@heddle/protocol/item'
import { ed25519Signer, type Runtime } from '../../runtime/index.ts'
import { blsSigner } from '../bls.ts'

/** The two keys of a storer: what it signs statements with, and what its lane proves. */
export type StorerKeys = { readonly bls: BlsSigner; readonly lane: Signer }

const secretBytes = 32

/**
 * Keys of the storer that has this folder, made at the first start: `key` and `lane-key`, 32 secret bytes
 * each. Whoever has the first can promise in the storer's name.
 */
export async function loadStorerKeys(
  runtime: Pick<Runtime, 'disk' | 'random'>,
  folder: string,
): Promise<StorerKeys> {
  await runtime.disk.makeFolder(folder)
  return {
    bls: blsSigner(await keptSecret(runtime, join(folder, 'key'))),
    lane: await loadLaneKey(runtime, folder),
  }
}

/** The lane key alone, for who calls storers. */
export async function loadLaneKey(
  runtime: Pick<Runtime, 'disk' | 'random'>,
  folder: string,
): Promise<Signer> {
  return ed25519Signer(await keptSecret(runtime, join(folder, 'lane-key')))
}

/** What a storer is registered with. */
export function registrationOf(
  { bls, lane }: StorerKeys,
  at: { readonly host: string; readonly port: number; readonly stake: bigint },
): StorerEntry {
  return { key: bls.key, proof: provePossession(bls), laneKey: lane.owner, ...at }
}

/** 32 random bytes in a file, made once. */
export async function keptSecret(
  { disk, random }: Pick<Runtime, 'disk' | 'random'>,
  path: string,
): Promise<Uint8Array> {
  const known = await disk.read(path)
  if (known?.length === secretBytes) return known
  const secret = random.bytes(secretBytes)
  await disk.replace(path, secret)
  return secret
}
