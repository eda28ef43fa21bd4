import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import type { StorerEntry } from '@heddle/protocol/certificate'
import {
  keptSecret,
  loadStorerKeys,
  nativeBls,
  readDirectory,
  registrationOf,
  writeDirectory,
} from '../da/index.ts'
import type { Runtime } from '../runtime/index.ts'
import { type KeptStorer, keepStorer, type StorerFate } from './keep-storer.ts'

/** Storers of one machine, each in a process of its own. */
export type StorerProcesses = {
  readonly storerSetFile: string
  /** Resolves when all have ended. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const startsAtOnce = 4

/**
 * Starts so many storers with folders below `folder`, all of equal stake, and writes the file of their set
 * with the ports they got. Keys and beacon are made at the first start and kept. One that ends is started
 * again. Rejects with `storers-changed` where there were more or fewer before, and with `storer-start-failed`
 * where one does not come up at first.
 */
export async function startStorerProcesses(
  runtime: Runtime,
  folder: string,
  count: number,
  onExit: (storer: string, fate: StorerFate) => void,
): Promise<StorerProcesses> {
  const { disk } = runtime
  await disk.makeFolder(folder)
  const storerSetFile = join(folder, 'storer-set.json')
  await checkCount(runtime, storerSetFile, folder, count)
  const folders = Array.from({ length: count }, (_, at) => join(folder, String(at)))
  const entries: StorerEntry[] = []
  for (const own of folders) {
    entries.push(registrationOf(await loadStorerKeys(runtime, own), { host, port: 0, stake: 1n }))
  }
  const beacon = await keptSecret(runtime, join(folder, 'beacon'))
  // Ports are not known yet; what blobs are drawn from is.
  await writeDirectory(disk, storerSetFile, { epoch: 0, beacon, storers: entries })
  const kept: KeptStorer[] = []
  const close = async () => {
    await Promise.all(kept.map((storer) => storer.close()))
  }
  const start = async (own: string) => {
    const storer = await keepStorer(runtime, own, storerSetFile, onExit)
    kept.push(storer)
    return storer.port
  }
  try {
    const ports: number[] = []
    for (let at = 0; at < count; at += startsAtOnce) {
      // All are waited for: one that comes up after another failed is to be ended too.
      const started = await Promise.allSettled(folders.slice(at, at + startsAtOnce).map(start))
      for (const one of started) {
        if (one.status === 'rejected') throw one.reason
        ports.push(one.value)
      }
    }
    const storers = entries.map((entry, at) => ({ ...entry, port: ports[at] ?? 0 }))
    await writeDirectory(disk, storerSetFile, { epoch: 0, beacon, storers })
    return { storerSetFile, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Storers sign for one set in an epoch, and theirs is one for ever: of another size it would be another set,
 * for which they sign nothing, and against which no certificate of before holds.
 */
export async function checkCount(
  { disk }: Pick<Runtime, 'disk'>,
  storerSetFile: string,
  folder: string,
  count: number,
): Promise<void> {
  // A file that cannot be read is written again: keys and beacon give the same set.
  const before = await readDirectory(disk, nativeBls, storerSetFile).catch(() => undefined)
  const had = before?.directory.storers.length ?? count
  if (had === count) return
  const text =
    `${folder} has ${had} storers, not ${count}: blobs are certified by all of them. Start with ` +
    `--storers ${had}, take another --data, or remove that folder and with it what they hold.`
  throw new HeddleError('storers-changed', 'conflict', text, { had, count })
}
