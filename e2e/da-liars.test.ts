import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loadStorerKeys, registrationOf, writeDirectory } from '@heddle/node/da'
import { createRuntime } from '@heddle/node/runtime'
import { encodeBase64Url } from '@heddle/protocol/base'
import { createClient, formatReference } from '@heddle/sdk'
import { afterAll, describe, expect, it } from 'vitest'
import type { Conduct } from './da-network.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

/**
 * `HEDDLE_DA_LIARS=1 vitest run e2e/da-liars.test.ts`: a node, and twelve storers of which three lie or forge,
 * each a process of its own. Half a minute.
 */
const isAsked = process.env.HEDDLE_DA_LIARS === '1'
const program = fileURLToPath(new URL('faulty-storer.ts', import.meta.url))
const runtime = createRuntime()
const host = '127.0.0.1'

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`a storer ended with ${code}`)))
    if (child.stdout === null) return reject(new Error('a storer has no output'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, port] = /^ready (\d+)$/.exec(line) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

describe.runIf(isAsked)('storers that lie and forge, each a process', () => {
  const folder = newDataFolder()
  const children: ChildProcess[] = []
  let node: NodeProcess | undefined

  afterAll(async () => {
    await node?.kill()
    for (const child of children) child.kill('SIGKILL')
    removeFolder(folder)
  })

  const startNetwork = async (conducts: readonly Conduct[]) => {
    const folders = conducts.map((_, at) => join(folder, `storer-${at}`))
    const keys = await Promise.all(folders.map((own) => loadStorerKeys(runtime, own)))
    const beacon = runtime.random.bytes(32)
    const unbound = keys.map((own) => registrationOf(own, { host, port: 0, stake: 1n }))
    const setFile = join(folder, 'set.json')
    await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers: unbound })
    const ports: number[] = []
    for (const [at, conduct] of conducts.entries()) {
      const args = [program, folders[at] ?? '', setFile, conduct]
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
      children.push(child)
      ports.push(await portOf(child))
    }
    const bound = unbound.map((entry, at) => ({ ...entry, port: ports[at] ?? 0 }))
    await writeDirectory(runtime.disk, setFile, { epoch: 0, beacon, storers: bound })
    return { setFile, names: keys.map(({ bls }) => encodeBase64Url(bls.key)) }
  }

  it('are named, and change nothing of what is certified and read', async () => {
    const conducts = Array.from({ length: 12 }, (_, at): Conduct => {
      return at === 1 ? 'forging' : at === 4 || at === 7 ? 'lying' : 'honest'
    })
    const { setFile, names } = await startNetwork(conducts)
    node = await startNodeProcess(join(folder, 'node'), ['--storer-set', setFile])
    const { da } = createClient({ url: node.url })
    const told = new Set<string>()
    const round = async (size: number) => {
      const blob = new Uint8Array(size)
      for (let at = 0; at < size; at += 65_536) {
        blob.set(runtime.random.bytes(Math.min(65_536, size - at)), at)
      }
      const published = await da.put(blob)
      for (const { storer, state } of published.faults) if (state === 'lied') told.add(storer)
      const back = await da.read(formatReference(published))
      expect(Buffer.compare(back, blob)).toBe(0)
    }
    for (const size of [1, 5000, 300_000, 3_000_000]) await round(size)
    // A forged signature shows where it was among those that came first; sooner or later it is.
    for (let tries = 0; told.size === 0 && tries < 60; tries++) await round(5000)
    expect([...told]).toEqual([names[1]])
  })
})
