import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { portableCrypto } from '@heddle/protocol/crypto'
import { ownerAddress } from '@heddle/protocol/item'
import { tagsOfRetention } from '@heddle/protocol/params'
import { createClient, createWalletFile, type UploadRetention } from '@heddle/sdk'
import * as arbundles from 'arbundles'
import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, sleep } from './killable-node.ts'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

/** `npm run soak -- copies`: five nodes of as many operators, as processes that are killed. */
const isWanted = process.env.HEDDLE_COPIES !== undefined
const rounds = Number(process.env.HEDDLE_CRASH_ROUNDS ?? 5)
const { random, clock } = createRuntime()
const say = (text: string) => process.stdout.write(`copies: ${text}\n`)
const wallet = { signer: ed25519Signer(random.bytes(32)) }

type Report = {
  readonly copies: number
  readonly short: number
  readonly own: boolean
  readonly holders: readonly { readonly url: string; readonly state: string }[]
}
type Summary = { readonly promised: number; short: number; owed: number; kept: number }

async function json<T>(url: string): Promise<T> {
  const reply = await fetch(url)
  if (!reply.ok) throw new Error(`${url}: ${await reply.text()}`)
  return (await reply.json()) as T
}
const reportOf = (node: NodeProcess, id: string) => json<Report>(`${node.url}/store/copies/${id}`)
const summaryOf = (node: NodeProcess) => json<Summary>(`${node.url}/store/copies`)
const addressOf = async (node: NodeProcess) =>
  (await createClient({ url: node.url }).status()).address

async function bytesAt(url: string): Promise<Buffer> {
  const reply = await fetch(url)
  if (!reply.ok) throw new Error(`${url}: ${await reply.text()}`)
  return Buffer.from(await reply.arrayBuffer())
}

/** Waits for what happens behind a reply, and gives how long it took. */
async function until(check: () => Promise<boolean>, limitMs = 60_000): Promise<number> {
  const sinceMs = clock.elapsedMs()
  while (!(await check().catch(() => false))) {
    if (clock.elapsedMs() - sinceMs > limitMs) throw new Error('did not come true')
    await sleep(50)
  }
  return Math.round(clock.elapsedMs() - sinceMs)
}

describe.runIf(isWanted)('copies at nodes of other operators', { timeout: 900_000 }, () => {
  const folder = newDataFolder()
  const folderOf = (name: string) => join(folder, name)
  const keepers: NodeProcess[] = []
  let placer: NodeProcess
  let placerArgs: string[] = []
  let authorityFile = ''
  /** Of the keeper that is killed and comes back. */
  let lastPort = 0
  let lastArgs: string[] = []

  beforeAll(async () => {
    authorityFile = folderOf('authority.json')
    const authority = ownerAddress(await createWalletFile(authorityFile), portableCrypto)
    // Once, to have an address that keepers can be told.
    const first = await startNodeProcess(folderOf('placer'))
    const address = await addressOf(first)
    await first.stop()
    const places: string[] = []
    lastPort = await freePort()
    for (const at of [0, 1, 2, 3]) {
      const keeping = ['--keep-copies-mib', '200', '--keep-for', address]
      const placement = ['--placement', at === 3 ? 'region:us' : `region:eu,rack:${at}`]
      const port = at === 3 ? ['--port', String(lastPort)] : []
      const args = [...keeping, ...placement, ...port]
      const keeper = await startNodeProcess(folderOf(`keeper-${at}`), args)
      if (at === 3) lastArgs = args
      keepers.push(keeper)
      places.push(`${keeper.url}#${await addressOf(keeper)}`)
    }
    placerArgs = [
      ...['--keepers', places.join(','), '--placement', 'region:eu'],
      ...['--stake-authority', authority, '--challenge-copies-s', '1'],
    ]
    placer = await startNodeProcess(folderOf('placer'), placerArgs)
    for (const node of [placer, ...keepers.slice(0, 3)]) {
      const args = ['store', 'stake', await addressOf(node), '7', '--wallet', authorityFile]
      const { code, err } = await runHeddle([
        ...args,
        '--url',
        node === placer ? node.url : placer.url,
      ])
      expect(code, err).toBe(0)
    }
  }, 300_000)

  afterAll(async () => {
    await Promise.all([placer, ...keepers].map((node) => node.kill()))
    removeFolder(folder)
  })

  const heddle = async (...args: string[]) => {
    const { code, out, err } = await runHeddle([
      ...args,
      '--url',
      placer.url,
      '--wallet',
      authorityFile,
    ])
    return { code, out, err }
  }
  const retention = { copies: 3, placement: ['region:eu'], minimumStake: 5n }
  const restart = async () => {
    placer = await startNodeProcess(folderOf('placer'), placerArgs)
  }
  const held = async (id: string) =>
    (await reportOf(placer, id)).holders.flatMap(({ url, state }) => (state === 'held' ? url : []))

  /** One by the command, four by other clients. */
  const promisedBefore = 5
  let uploaded = { id: '', bytes: Buffer.alloc(0) }

  it('heddle upload tells who holds them, and each of them serves the item', async () => {
    const bytes = Buffer.from(random.bytes(3_000_000))
    const file = folderOf('file.bin')
    writeFileSync(file, bytes)
    const asked = ['--copies', '3', '--placement', 'region:eu', '--min-stake', '5']
    // A stake counts once its block is made.
    let answer = await heddle('upload', file, ...asked, '--json')
    for (let i = 0; i < 20 && answer.code !== 0; i++) {
      await sleep(200)
      answer = await heddle('upload', file, ...asked, '--json')
    }
    expect(answer.code, answer.err).toBe(0)
    const { id, copies } = JSON.parse(answer.out) as { id: string; copies: Report }
    expect(copies).toMatchObject({ copies: 3, own: true, short: 0 })
    expect(copies.holders.length).toBe(2)
    for (const { url } of copies.holders) {
      expect((await bytesAt(`${url}/raw/${id}`)).equals(bytes)).toBe(true)
    }
    uploaded = { id, bytes }
    const shown = await heddle('store', 'copies', id)
    expect(shown.code).toBe(0)
    say(`upload of 3 MB, receipt:\n${shown.out.trim()}`)
    const refused = await heddle('upload', file, '--copies', '4', '--placement', 'region:us')
    expect(refused.code).not.toBe(0)
    say(`refused: ${refused.err.trim()}`)
    expect(refused.err).toMatch(/1 can be had/)
  })

  it('arbundles, uploads in parts and transactions in chunks have them too', async () => {
    const tags = tagsOfRetention(retention)
    const { port } = new URL(placer.url)
    const arweave = Arweave.init({ host: '127.0.0.1', port, protocol: 'http' })
    const jwk = await arweave.wallets.generate()
    const signer = new arbundles.ArweaveSigner(jwk)
    const item = arbundles.createData('by arbundles, with tags', signer, { tags })
    await item.sign(signer)
    const body = new Uint8Array(item.getRaw())
    const posted = await fetch(`${placer.url}/v1/tx`, { method: 'POST', body })
    expect(posted.status, await posted.text()).toBe(200)
    const large = Buffer.from(random.bytes(20_000_000))
    const client = createClient({ url: placer.url, signer: wallet.signer })
    const inParts = await client.upload({ data: new Blob([large]), retention })
    const transactions: string[] = []
    for (const sizeBytes of [600_000, 5000]) {
      const data = random.bytes(sizeBytes)
      const transaction = await arweave.createTransaction({ data }, jwk)
      for (const { name, value } of tags) transaction.addTag(name, value)
      await arweave.transactions.sign(transaction, jwk)
      if (sizeBytes === 5000) {
        expect((await arweave.transactions.post(transaction)).status).toBe(200)
      } else {
        const uploader = await arweave.transactions.getUploader(transaction)
        while (!uploader.isComplete) await uploader.uploadChunk()
      }
      transactions.push(transaction.id)
    }
    for (const id of [item.id, inParts, ...transactions]) {
      const { short, own, holders } = await reportOf(placer, id)
      expect({ short, own, holders: holders.length }).toEqual({ short: 0, own: true, holders: 2 })
      for (const { url } of holders) {
        const [there, here] = [
          await bytesAt(`${url}/raw/${id}`),
          await bytesAt(`${placer.url}/raw/${id}`),
        ]
        expect(there.equals(here)).toBe(true)
      }
    }
    say(
      'arbundles, parts (20 MB), arweave-js in chunks and inline: 3 copies each, served by keepers',
    )
  })

  it('a flipped bit on the placer’s disk is healed as it is read', async () => {
    const { id, bytes } = uploaded
    await placer.stop()
    const part = bytes.subarray(1_000_000, 1_000_064)
    const store = join(folderOf('placer'), 'store')
    let flipped = 0
    for (const name of readdirSync(store).filter((one) => !one.includes('sqlite'))) {
      const segment = readFileSync(join(store, name))
      const at = segment.indexOf(part)
      if (at < 0) continue
      segment[at] = (segment[at] ?? 0) ^ 1
      writeFileSync(join(store, name), segment)
      flipped++
    }
    expect(flipped).toBe(1)
    await restart()
    expect((await bytesAt(`${placer.url}/raw/${id}`)).equals(bytes)).toBe(true)
    const status = await json<{ damaged: number }>(`${placer.url}/store/status`)
    const audit = await heddle('store', 'audit', '--count', '500')
    expect(audit.code, audit.out).toBe(0)
    say(
      `flipped bit: ${status.damaged} damaged record met, read whole, audit after: ${audit.out.trim()}`,
    )
  })

  it('a keeper that is killed is replaced by another that fits, and its list survives kill -9', async () => {
    const before = await held(uploaded.id)
    const at = keepers.findIndex(({ url }) => before.includes(url))
    await keepers[at]?.kill()
    const spare = keepers.slice(0, 3).find(({ url }) => !before.includes(url))
    const tookMs = await until(async () => (await held(uploaded.id)).includes(spare?.url ?? ''))
    const all = await until(async () => (await summaryOf(placer)).short === 0)
    expect(await held(uploaded.id)).not.toContain(keepers[at]?.url)
    say(`a killed keeper was replaced after ${tookMs} ms (challenges each second, 3 failures)`)
    say(`all ${(await summaryOf(placer)).promised} items had their copies again ${all} ms later`)
    await placer.kill()
    await restart()
    expect((await reportOf(placer, uploaded.id)).holders.length).toBe(2)
    // It comes back on another port; what it still held is released as soon as it can be told.
    expect((await summaryOf(placer)).promised).toBe(promisedBefore)
  })

  it('small uploads with three copies, eight at a time', async () => {
    const client = createClient({ url: placer.url, signer: wallet.signer })
    let left = 80
    const sinceMs = clock.elapsedMs()
    // This node, and the two keepers of that place that are left.
    const asked = { copies: 3, placement: ['region:eu'] }
    const uploading = Array.from({ length: 8 }, async () => {
      while (left-- > 0) await client.upload({ data: random.bytes(1000), retention: asked })
    })
    await Promise.all(uploading)
    const seconds = (clock.elapsedMs() - sinceMs) / 1000
    say(`${(80 / seconds).toFixed(1)} uploads of 1 kB a second, each with 3 copies proven first`)
  })

  it(`kill -9 at ${rounds} moments of uploads loses no copy, and leaves none behind`, async () => {
    // One keeper fits, and this node itself does not.
    const asked = { copies: 1, placement: ['region:us'] }
    const before = await summaryOf(placer)
    const keptBefore = (await summaryOf(last())).kept
    const acknowledged: { readonly id: string; readonly bytes: Uint8Array }[] = []
    let brokenOff = 0
    for (let round = 0; round < rounds; round++) {
      const client = createClient({ url: placer.url, signer: wallet.signer })
      let isOver = false
      const uploading = [0, 1, 2].map(async () => {
        while (!isOver) {
          const bytes = random.bytes(1 + (random.bytes(1)[0] ?? 0) * 1000)
          try {
            acknowledged.push({ id: await client.upload({ data: bytes, retention: asked }), bytes })
          } catch {
            brokenOff++
          }
        }
      })
      const known = acknowledged.length
      // However slow the machine: some were acknowledged, and others are under way.
      await until(async () => acknowledged.length > known)
      await sleep((random.bytes(1)[0] ?? 0) * 4)
      const isKeeper = round % 2 === 1
      await (isKeeper ? last() : placer).kill()
      isOver = true
      await Promise.all(uploading)
      if (isKeeper) {
        keepers[3] = await startNodeProcess(folderOf('keeper-3'), lastArgs)
        // What it said last, that it is away, is believed for ten seconds.
        await until(async () => (await asks(asked)) === 200)
      } else await restart()
    }
    // Challenged each second, a keeper that was killed counts as failed until it is back.
    await until(async () => (await summaryOf(placer)).short === 0)
    for (const { id, bytes } of acknowledged) {
      expect(await held(id)).toEqual([last().url])
      for (const { url } of [last(), placer]) {
        expect((await bytesAt(`${url}/raw/${id}`)).equals(Buffer.from(bytes))).toBe(true)
      }
    }
    const promised = async () => (await summaryOf(placer)).promised - before.promised
    const kept = async () => (await summaryOf(last())).kept - keptBefore
    await until(async () => (await kept()) === (await promised()))
    expect(acknowledged.length).toBeGreaterThanOrEqual(rounds)
    expect(await promised()).toBeGreaterThanOrEqual(acknowledged.length)
    say(
      `${rounds} kills, of placer and keeper in turn: ${acknowledged.length} uploads acknowledged, all with ` +
        `their copy and whole at both; ${brokenOff} broken off; kept at the keeper ${await kept()}, ` +
        `promised ${await promised()}`,
    )
  })

  const last = (): NodeProcess => {
    const [, , , keeper] = keepers
    if (keeper === undefined) throw new Error('it was not started')
    return keeper
  }

  /** The status an upload with this retention is answered with. */
  async function asks(asked: UploadRetention): Promise<number> {
    const client = createClient({ url: placer.url, signer: wallet.signer })
    const upload = client.upload({ data: random.bytes(10), retention: asked })
    return upload.then(
      () => 200,
      () => 503,
    )
  }
})
