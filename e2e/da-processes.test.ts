import { type ChildProcess, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadErasureKernel, nativeBls, openEngines } from '@heddle/node/da'
import { createRuntime } from '@heddle/node/runtime'
import type { StorerDirectoryJson } from '@heddle/protocol/certificate'
import { createClient, formatReference } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

/**
 * `HEDDLE_DA_BLOBS=100 vitest run e2e/da-processes.test.ts`: a node and 24 storers, each a process of its
 * own, as `npm run dev -- --storers 24` starts them; so many blobs of up to 128 MiB. Some minutes.
 */
const { HEDDLE_DA_BLOBS: blobsText = '0' } = process.env
const blobs = Number(blobsText)
const blobBytesMax = 128 * 1024 * 1024
const { disk, random, timer } = createRuntime()
const stopped = [4, 5, 6, 7, 8, 9, 10]
const more = [11, 12, 13]

/** From 1 byte to 128 MiB, each power of two as likely as another; the largest is among them. */
function sizeOf(at: number): number {
  if (at === 0) return 1
  if (at === 1) return blobBytesMax
  const draw = Buffer.from(random.bytes(8))
  return Math.max(1, Math.floor(2 ** (27 * (draw.readUInt32LE() / 2 ** 32))))
}

describe.runIf(blobs > 0)('a node and 24 storers, each a process', () => {
  const folder = newDataFolder()
  let node: NodeProcess

  beforeAll(async () => {
    node = await startNodeProcess(folder, ['--storers', '24'])
  }, 300_000)

  afterAll(async () => {
    await node.stop()
    removeFolder(folder)
  })

  const storerOf = (at: number) => {
    const path = join(folder, 'storers', String(at))
    // The folder is an argument of the process, and followed by the set's file.
    const found = execFileSync('pgrep', ['-f', `storer-process\\.(ts|js) ${path} `], {
      encoding: 'utf8',
    })
    return Number(found.trim().split('\n')[0])
  }

  it('certifies and reads back every blob after four were killed, with seven stopped; with ten, none', async () => {
    const setFile = join(folder, 'storers', 'storer-set.json')
    const set = JSON.parse(readFileSync(setFile, 'utf8')) as StorerDirectoryJson
    const engineFor = openEngines(await loadErasureKernel(disk))
    const trust = { storers: set, engineFor, bls: nativeBls }
    const { da } = createClient({ url: node.url, da: trust })
    const child = node.child as ChildProcess
    expect(child.exitCode).toBe(null)
    const round = async (size: number) => {
      const blob = new Uint8Array(size)
      for (let at = 0; at < size; at += 65_536) {
        blob.set(random.bytes(Math.min(65_536, size - at)), at)
      }
      const published = await da.put(blob)
      const reference = formatReference(published)
      const back = await da.read(reference)
      expect(Buffer.compare(back, blob)).toBe(0)
      return published
    }
    const last = await round(1_000_000)
    expect((await da.verify(last.certificate, set)).members).toBe(24)
    // The node starts again what was killed.
    for (const at of [0, 1, 2, 3]) process.kill(storerOf(at), 'SIGKILL')
    const answering = async () => {
      const { states = [] } = await da.storers({ states: true })
      return states.filter(({ isReachable }) => isReachable).length
    }
    await expect.poll(answering, { timeout: 120_000, interval: 1000 }).toBe(24)
    // A stopped process keeps its connections and answers nothing.
    for (const at of stopped) process.kill(storerOf(at), 'SIGSTOP')
    for (let at = 0; at < blobs; at++) {
      const size = sizeOf(at)
      const { faults } = await round(size)
      process.stderr.write(`blob ${at}: ${size} bytes, ${faults.length} storers failed\n`)
    }
    for (const at of more) process.kill(storerOf(at), 'SIGSTOP')
    const refused = da.put(random.bytes(1_000_000))
    await expect(refused).rejects.toMatchObject({ code: 'da-not-certified' })
    for (const at of [...stopped, ...more]) process.kill(storerOf(at), 'SIGCONT')
    // The node tries a storer that failed again after a pause of up to 10 s.
    const back = async (tries: number): Promise<void> => {
      await timer.sleep(1000)
      await round(1_000_000).catch((error) => {
        if (tries === 0) throw error
        return back(tries - 1)
      })
    }
    await back(30)
  }, 3_600_000)
})
