import { decodeText, encodeText, errorMessage, HeddleError } from '@heddle/protocol/base'
import {
  type BlsEngine,
  makeStorerSet,
  type StorerDirectory,
  type StorerEntry,
  type StorerSet,
  storerDirectoryFromJson,
  storerDirectoryToJson,
} from '@heddle/protocol/certificate'
import type { Disk } from '../../runtime/index.ts'
import type { StorerAddress } from './bulk-lane.ts'

/** A storer set's file cannot be used. */
function setFileInvalid(path: string, why: string, cause?: unknown): HeddleError {
  const text = `storer set ${path}: ${why}. Give the file of the network (heddle da storers).`
  return new HeddleError('storer-set-file', 'invalid', text, { path }, { cause })
}

/** Reads a storer set's file and checks that every key proved possession. */
export async function readDirectory(
  disk: Pick<Disk, 'read'>,
  bls: BlsEngine,
  path: string,
): Promise<{ readonly directory: StorerDirectory; readonly set: StorerSet }> {
  const bytes = await disk.read(path)
  if (bytes === undefined) throw setFileInvalid(path, 'no such file')
  try {
    const directory = storerDirectoryFromJson(JSON.parse(decodeText(bytes)))
    const set = makeStorerSet(bls, directory.epoch, directory.beacon, directory.storers)
    return { directory, set }
  } catch (cause) {
    throw setFileInvalid(path, errorMessage(cause).replace(/\.$/, ''), cause)
  }
}

/** Writes a storer set's file; storers are put into the set's order. */
export async function writeDirectory(
  disk: Pick<Disk, 'replace'>,
  path: string,
  directory: StorerDirectory,
): Promise<void> {
  const json = storerDirectoryToJson({ ...directory, storers: inOrder(directory.storers) })
  await disk.replace(path, encodeText(`${JSON.stringify(json, undefined, 2)}\n`))
}

function inOrder(storers: readonly StorerEntry[]): StorerEntry[] {
  return [...storers].sort((a, b) => Buffer.compare(a.key, b.key))
}

/** Where the lanes of a directory listen; storers that have not said so yet are left out. */
export function addressesOf({ storers }: StorerDirectory): StorerAddress[] {
  return storers
    .filter(({ port }) => port > 0)
    .map(({ key, host, port, laneKey }) => ({ storer: key, host, port, publicKey: laneKey }))
}
