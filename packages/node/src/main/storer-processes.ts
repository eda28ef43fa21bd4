import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { HeddleError } from '@heddle/protocol/base'
import type { StorerEntry } from '@heddle/protocol/certificate'
import { keptSecret, loadStorerKeys, registrationOf, writeDirectory } from '../da/index.ts'
import type { Runtime } from '../runtime/index.ts'

/** Storers of one machine, each in a process of its own. */
export type StorerProcesses = {
  readonly storerSetFile: string
  /** Resolves when all have ended. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const startsAtOnce = 4
const program = `./storer-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`

/**
 * Starts so many storers with folders below `folder`, all of equal stake, and writes the file of their set
 * with the ports they got. Keys and beacon are made at the first start and kept. Rejects with
 * `storer-start-failed` where one does not come up.
 */
export async function startStorerProcesses(
  runtime: Runtime,
  folder: string,
  count: number,
  onExit: (storer: string, code: number | null) => void,
): Promise<StorerProcesses> {
  const { disk } = runtime
  await disk.makeFolder(folder)
  const storerSetFile = join(folder, 'storer-set.json')
  const folders = Array.from({ length: count }, (_, at) => join(folder, String(at)))
  const entries: StorerEntry[] = []
  for (const own of folders) {
    entries.push(registrationOf(await loadStorerKeys(runtime, own), { host, port: 0, stake: 1n }))
  }
  const beacon = await keptSecret(runtime, join(folder, 'beacon'))
  // Ports are not known yet; what blobs are drawn from is.
  await writeDirectory(disk, storerSetFile, { epoch: 0, beacon, storers: entries })
  const children: ChildProcess[] = []
  let isClosing = false
  const close = async () => {
    isClosing = true
    await Promise.all(children.map(endChild))
  }
  const start = async (own: string) => {
    const child = startChild(own, storerSetFile)
    children.push(child)
    child.once('exit', (code) => {
      if (!isClosing) onExit(own, code)
    })
    return portOf(child, own)
  }
  try {
    const ports: number[] = []
    for (let at = 0; at < count; at += startsAtOnce) {
      ports.push(...(await Promise.all(folders.slice(at, at + startsAtOnce).map(start))))
    }
    const storers = entries.map((entry, at) => ({ ...entry, port: ports[at] ?? 0 }))
    await writeDirectory(disk, storerSetFile, { epoch: 0, beacon, storers })
    return { storerSetFile, close }
  } catch (error) {
    await close()
    throw error
  }
}

function startChild(folder: string, storerSetFile: string): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const args = [path, folder, storerSetFile, getCompileCacheDir() ?? '']
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

function portOf(child: ChildProcess, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      const text = `the storer of ${folder} did not start: ${why}`
      reject(new HeddleError('storer-start-failed', 'unavailable', text, { folder }))
    }
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`it ended with ${code}`))
    if (child.stdout === null) return fail('it has no output')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready tcp:\/\/\S+:(\d+)$/.exec(line)
      if (ready?.[1] !== undefined) resolve(Number(ready[1]))
    })
  })
}

function endChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
