import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import type { StorerDirectoryJson } from '@heddle/protocol/certificate'
import { createClient, formatReference } from '@heddle/sdk'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

/**
 * `HEDDLE_DA_RECOVER=1 vitest run e2e/da-recover.test.ts`: six storers and three nodes, each a process. About
 * a minute.
 */
const isAsked = process.env.HEDDLE_DA_RECOVER === '1'
const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))
const { random, timer } = createRuntime()
const signer = ed25519Signer(random.bytes(32))

type Page = {
  readonly head: number
  readonly certifiedTo: number
  readonly ranges: readonly { readonly toSlot: number }[]
}
type Log = { readonly edges: readonly { readonly node: unknown }[] }

const getJson = async <Value>(url: string) => (await (await fetch(url)).json()) as Value

describe.runIf(isAsked)('a node that certifies its logs', () => {
  const folders: string[] = []
  const nodes: NodeProcess[] = []
  const newFolder = () => {
    const folder = newDataFolder()
    folders.push(folder)
    return folder
  }
  const start = async (folder: string, args: readonly string[]) => {
    const node = await startNodeProcess(folder, args)
    nodes.push(node)
    return node
  }

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    folders.forEach(removeFolder)
  })

  it('loses its disk, and a log comes back from the storers’ rows alone', async () => {
    const [home, lost, found, safe] = [newFolder(), newFolder(), newFolder(), newFolder()]
    const host = await start(home, ['--storers', '6'])
    const storerSet = join(safe, 'storer-set.json')
    copyFileSync(join(home, 'storers', 'storer-set.json'), storerSet)
    const first = await start(lost, ['--storer-set', storerSet, '--availability', 'certified'])
    const client = createClient({ url: first.url, signer })
    const counter = await client.spawn({ file: counterFile })
    await Promise.all(Array.from({ length: 20 }, () => counter.send({ action: 'Inc' })))
    await counter.send({ action: 'Inc', tags: { By: '5' } })
    const page = await getJson<Page>(`${first.url}/su/availability/${counter.id}`)
    expect(page).toMatchObject({ head: 22, certifiedTo: 22 })
    expect(page.ranges.at(-1)?.toSlot).toBe(22)
    const before = await getJson<Log>(`${first.url}/su/${counter.id}?limit=100`)
    expect(before.edges.length).toBe(22)
    // The newest alone, and the node's key, are what is kept elsewhere.
    const certificates = join(safe, 'certificates.json')
    writeFileSync(certificates, JSON.stringify({ ranges: page.ranges.slice(-1) }))
    copyFileSync(join(lost, 'node-key.json'), join(safe, 'node-key.json'))
    await first.kill()
    removeFolder(lost)
    const key = ['--key', join(safe, 'node-key.json')]
    const recovering = ['da', 'recover', counter.id, '--data', found, ...key]
    const from = ['--storer-set', storerSet, '--certificates', certificates]
    const recovered = await runHeddle([...recovering, ...from, '--json'])
    expect(recovered.err).toBe('')
    expect(JSON.parse(recovered.out)).toMatchObject({ slots: 22, isOwn: true })
    const again = await runHeddle([...recovering, ...from])
    expect(again.code).not.toBe(0)
    expect(again.err).toContain('is in this data folder already, with 22 slots')
    const args = ['--storer-set', storerSet, '--availability', 'certified', ...key]
    const second = await start(found, args)
    const after = await getJson<Log>(`${second.url}/su/${counter.id}?limit=100`)
    expect(after).toEqual(before)
    // It goes on behind what is certified, in the next epoch.
    await createClient({ url: second.url, signer }).process(counter.id).post({ action: 'Inc' })
    const grown = await getJson<Page>(`${second.url}/su/availability/${counter.id}`)
    expect(grown).toMatchObject({ head: 23, certifiedTo: 23 })
    expect(grown.ranges.at(-1)).toMatchObject({ fromSlot: 22, toSlot: 23 })
    expect(await second.stop()).toBe(0)
    expect(await host.stop()).toBe(0)
  })

  it('starts a storer again that was killed, and gives one its rows back', async () => {
    const home = newFolder()
    const node = await start(home, ['--storers', '6'])
    const { da } = createClient({ url: node.url })
    const blob = random.bytes(300_000)
    const published = await da.put(blob)
    const set = JSON.parse(
      readFileSync(join(home, 'storers', 'storer-set.json'), 'utf8'),
    ) as StorerDirectoryJson
    const own = join(home, 'storers', '2')
    const registration = JSON.parse(readFileSync(join(own, 'registration.json'), 'utf8')) as {
      readonly key: string
    }
    expect(set.storers.some(({ key }) => key === registration.key)).toBe(true)
    const pid = processOf(own)
    for (const name of execFileSync('ls', [own], { encoding: 'utf8' }).split('\n')) {
      if (name.endsWith('.rows')) execFileSync('rm', [join(own, name)])
    }
    process.kill(pid, 'SIGKILL')
    const repaired = await whenReady(() =>
      runHeddle(['da', 'repair', registration.key, '--url', node.url, '--json']),
    )
    expect(JSON.parse(repaired.out)).toMatchObject({ blobs: 1, failures: 0 })
    expect(processOf(own)).not.toBe(pid)
    const twice = await runHeddle(['da', 'repair', registration.key, '--url', node.url, '--json'])
    expect(JSON.parse(twice.out)).toMatchObject({ blobs: 0, rows: 0 })
    const back = await da.read(formatReference(published))
    expect(Buffer.compare(back, blob)).toBe(0)
    const unknown = await runHeddle(['da', 'repair', 'nobody', '--url', node.url])
    expect(unknown.err).toContain('not of this node')
    expect(await node.stop()).toBe(0)
  })
})

/** The process of the storer with this folder. */
function processOf(folder: string): number {
  const pattern = `storer-process\\.(ts|js) ${folder} `
  return Number(execFileSync('pgrep', ['-f', pattern], { encoding: 'utf8' }).trim().split('\n')[0])
}

/** A storer that was killed is back after a pause; until then repair says what it cannot do. */
async function whenReady(run: () => ReturnType<typeof runHeddle>, tries = 40) {
  const outcome = await run()
  if (outcome.code === 0 && JSON.parse(outcome.out).blobs > 0) return outcome
  if (tries === 0) throw new Error(`it never came back: ${outcome.err}${outcome.out}`)
  await timer.sleep(500)
  return whenReady(run, tries - 1)
}
