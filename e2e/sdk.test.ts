import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { ownerAddress } from '@heddle/protocol/item'
import {
  type Client,
  createClient,
  createWalletFile,
  generateWallet,
  readActorSource,
  type Signer,
  type Wallet,
  walletFromFile,
  walletSigner,
} from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))
const stranger = `${'A'.repeat(42)}E`

describe('the SDK against a node', () => {
  const folder = newDataFolder()
  const wallets = mkdtempSync(join(tmpdir(), 'heddle-sdk-'))
  const walletPath = join(wallets, 'wallet.json')
  let node: NodeProcess
  let signer: Signer
  let client: Client

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    await createWalletFile(walletPath)
    signer = await walletFromFile(walletPath)
    client = createClient({ url: node.url, signer })
  })

  afterAll(async () => {
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
    removeFolder(wallets)
  })

  it('spawns from a file, sends, reads without a trace, and reads results again', async () => {
    const counter = await client.spawn({ file: counterFile, tags: { Name: 'counter' } })
    const result = await counter.send({ action: 'Inc', tags: { By: '2' } })
    expect(result).toMatchObject({ slot: 1, error: undefined })
    expect(result.messages[0]).toMatchObject({ target: client.address, data: '2' })
    expect((await counter.read({ action: 'Inc' })).messages[0]?.data).toBe('3')
    const get = await client.process(counter.id).read({ action: 'Get' })
    expect(get.messages[0]).toMatchObject({
      data: '2',
      target: ownerAddress(signer, portableCrypto),
    })
    expect(await counter.result(result.id)).toEqual(result)
  })

  it('spawns from text, and takes equal messages for two', async () => {
    const counter = await client.spawn({ source: await readActorSource(counterFile) })
    const ids = new Set([
      (await counter.send({ action: 'Inc' })).id,
      (await counter.send({ action: 'Inc' })).id,
    ])
    expect(ids.size).toBe(2)
    expect((await counter.read({ action: 'Get' })).messages[0]?.data).toBe('2')
  })

  it('posts without waiting, and pages results both ways', async () => {
    const counter = await client.spawn({ file: counterFile })
    const posted = await counter.post({ action: 'Inc' })
    expect((await counter.result(posted)).messages[0]?.data).toBe('1')
    await counter.send({ action: 'Inc' })
    const first = await counter.results({ limit: 2 })
    expect(first.results.map(({ slot }) => slot)).toEqual([0, 1])
    expect(first.hasNextPage).toBe(true)
    const rest = await counter.results({ from: first.results[1]?.cursor ?? '' })
    expect(rest.results.map(({ slot }) => slot)).toEqual([2])
    const newest = await counter.results({ limit: 1, sort: 'DESC' })
    expect(newest.results[0]).toMatchObject({ slot: 2, messages: [{ data: '2' }] })
  })

  it('evaluates code as the owner', async () => {
    const counter = await client.spawn({ file: counterFile })
    await counter.send({ action: 'Inc' })
    expect((await counter.send({ action: 'Eval', data: 'count + 40' })).output).toBe('41')
    const failed = await counter.send({ action: 'Eval', data: 'throw new Error("no")' })
    expect(failed.error).toContain('no')
    expect((await counter.read({ action: 'Eval', data: 'count' })).output).toBe('1')
  })

  it('signs with every kind of wallet a node takes', async () => {
    const jwk = (key: { export(options: { format: 'jwk' }): object }) =>
      key.export({ format: 'jwk' }) as Wallet
    const all = [
      generateWallet(),
      jwk(generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey),
      jwk(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    ]
    for (const wallet of all) {
      const mine = createClient({ url: node.url, signer: walletSigner(wallet) })
      const counter = await mine.spawn({ file: counterFile })
      const { messages } = await counter.send({ action: 'Inc' })
      expect(messages[0]).toMatchObject({ target: mine.address, data: '1' })
    }
  })

  it('uploads, and fetches what it can verify', async () => {
    const tags = { 'Content-Type': 'text/plain' }
    const id = await client.upload({ data: 'grüß dich', tags })
    expect(await client.upload({ data: 'grüß dich', tags })).toBe(id)
    const item = await client.item(id)
    expect(decodeText(item.data)).toBe('grüß dich')
    expect(ownerAddress(item, portableCrypto)).toBe(client.address)
    expect(await (await fetch(`${node.url}/${id}`)).text()).toBe('grüß dich')
    await expect(client.item(stranger)).rejects.toMatchObject({ kind: 'missing' })
  })

  it('starts and stops a cron', async () => {
    const source = `let n = 0
      on((msg) => msg.cron, () => { n++ })
      on('Get', (msg) => { msg.reply({ data: String(n) }) })`
    const tags = { 'Cron-Interval': '1-second' }
    const ticker = await client.spawn({ source, tags })
    await ticker.monitor()
    const ticks = async () => Number((await ticker.read({ action: 'Get' })).messages[0]?.data)
    await expect.poll(ticks).toBeGreaterThan(0)
    await ticker.unmonitor()
    const other = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    await expect(other.process(ticker.id).monitor()).rejects.toMatchObject({ kind: 'denied' })
  })

  it('tells how the node is', async () => {
    const status = await client.status()
    expect(status).toMatchObject({ status: 'ok', version: '0.1.0' })
    expect(status.processes).toBeGreaterThan(0)
    expect(status.address).toMatch(/^[\w-]{43}$/)
  })

  it('says what is wrong and what is left of it', async () => {
    const broken = await client.spawn({ source: 'this is no JavaScript' }).catch((caught) => caught)
    expect(broken).toMatchObject({ code: 'spawn-failed', kind: 'invalid' })
    expect(broken.details.processId).toMatch(/^[\w-]{43}$/)
    await expect(client.spawn({ source: 'counter.ts' })).rejects.toThrow(/give `file`/)
    await expect(client.spawn({ file: 'absent.ts' })).rejects.toThrow(/cannot read absent\.ts/)
    const unknown = client.process(stranger)
    await expect(unknown.send({ action: 'Inc' })).rejects.toMatchObject({ kind: 'missing' })
    await expect(unknown.read({ action: 'Get' })).rejects.toThrow(`unknown process ${stranger}`)
    await expect(unknown.results()).rejects.toMatchObject({ code: 'unknown-process' })
    const unsigned = createClient({ url: node.url })
    await expect(unsigned.spawn({ source: '1' })).rejects.toMatchObject({ code: 'signer-missing' })
    await expect(unsigned.upload({ data: '1' })).rejects.toMatchObject({ code: 'signer-missing' })
  })

  it('ends what it waits for when told', async () => {
    const counter = await client.spawn({ source: `on('Loop', () => { for (;;) {} })` })
    const signal = AbortSignal.timeout(200)
    await expect(counter.send({ action: 'Loop', signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })
})
