import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPeer } from '../bench/peers.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

/**
 * The clients of ar.io, unmodified. They bring a gigabyte of dependencies, so they are installed at the
 * first run that asks for them (`HEDDLE_AR_IO=1`), outside the workspaces, and left out where the
 * registry is out of reach.
 */
const isAsked = process.env.HEDDLE_AR_IO === '1'
const folder = newDataFolder()
const work = newDataFolder()
const { random } = createRuntime()
let node: NodeProcess
let wallet: Awaited<ReturnType<Arweave['wallets']['generate']>>

/** What is used of the clients: they are not there when types are checked. */
type Turbo = {
  upload(input: object): Promise<Receipt>
  uploadFile(input: object): Promise<Receipt>
  getUploadCosts(input: { bytes: number[] }): Promise<{ winc: string }[]>
  getBalance(): Promise<{ winc: string }>
}
type Receipt = { readonly id: string; readonly owner: string; readonly dataCaches: string[] }
type TurboModule = {
  readonly TurboFactory: { authenticated(input: object): Turbo }
  readonly EthereumSigner: new (key: string) => unknown
}
type Ant = {
  getInfo(): Promise<unknown>
  getState(): Promise<unknown>
  getRecords(): Promise<readonly { readonly transactionId: string }[]>
  setRecord(record: object): Promise<{ readonly id: string }>
}
type ArIo = {
  readonly ANT: { init(input: object): Ant }
  readonly AOProcess: new (input: object) => unknown
  readonly ArweaveSigner: new (wallet: object) => unknown
}

async function load<Module>(name: string, version: string): Promise<Module | undefined> {
  const found = installPeer(name, version)
  if ('path' in found) return import(entryOf(found.path, name))
  process.stderr.write(`${name} is left out: ${found.missing}\n`)
  return undefined
}

async function loadBeside(name: string, version: string, other: string) {
  const found = installPeer(name, version)
  if ('missing' in found) throw new Error(found.missing)
  return import(entryOf(found.path, other))
}

/** A package as its neighbour sees it: clients bring their own aoconnect. */
function entryOf(neighbour: string, name: string): string {
  const found = createRequire(join(neighbour, 'package.json')).resolve(name)
  return pathToFileURL(found.replace('/lib/cjs/', '/lib/esm/')).href
}

beforeAll(async () => {
  if (!isAsked) return
  node = await startNodeProcess(folder)
  wallet = await Arweave.init({}).wallets.generate()
})
afterAll(async () => {
  if (isAsked) await node.stop()
  for (const one of [folder, work]) removeFolder(one)
})

const read = async (id: string) =>
  Buffer.from(await (await fetch(`${node.url}/${id}`)).arrayBuffer())
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(!isAsked)('@ardrive/turbo-sdk', { timeout: 1_200_000 }, () => {
  it('uploads small and large, in parts, and asks what it costs', async (context) => {
    const sdk = await load<TurboModule>('@ardrive/turbo-sdk', '1.43.0')
    if (sdk === undefined) return context.skip('it could not be installed')
    const services = {
      uploadServiceConfig: { url: node.url },
      paymentServiceConfig: { url: node.url },
      gatewayUrl: node.url,
    }
    const turbo = sdk.TurboFactory.authenticated({ privateKey: wallet, ...services })
    expect((await turbo.getUploadCosts({ bytes: [1_000_000] }))[0]?.winc).toBe('0')
    expect((await turbo.getBalance()).winc).toBe('0')
    const tags = [{ name: 'Content-Type', value: 'text/plain' }]
    const small = await turbo.upload({ data: 'hello turbo', dataItemOpts: { tags } })
    expect((await read(small.id)).toString()).toBe('hello turbo')

    const bytes = randomBytes(17 * 1024 * 1024 + 3)
    const path = join(work, 'large.bin')
    writeFileSync(path, bytes)
    const file = {
      fileStreamFactory: () => createReadStream(path),
      fileSizeFactory: () => bytes.length,
    }
    const whole = await turbo.uploadFile({ ...file, chunkingMode: 'disabled' })
    expect(sha256(await read(whole.id))).toBe(sha256(bytes))
    const inParts = await turbo.uploadFile({
      ...file,
      chunkingMode: 'force',
      chunkByteCount: 5 * 1024 * 1024,
      dataItemOpts: { tags: [{ name: 'Kind', value: 'parts' }] },
    })
    expect(sha256(await read(inParts.id))).toBe(sha256(bytes))
    const body = JSON.stringify({
      query: '{ transactions(tags: [{name: "Kind", values: ["parts"]}]) { count } }',
    })
    const answer = await fetch(`${node.url}/graphql`, { method: 'POST', body })
    expect(await answer.json()).toEqual({ data: { transactions: { count: 1 } } })
  })

  it('takes other keys', async (context) => {
    const sdk = await load<TurboModule>('@ardrive/turbo-sdk', '1.43.0')
    if (sdk === undefined) return context.skip('it could not be installed')
    const turbo = sdk.TurboFactory.authenticated({
      signer: new sdk.EthereumSigner(randomBytes(32).toString('hex')),
      token: 'ethereum',
      uploadServiceConfig: { url: node.url },
      paymentServiceConfig: { url: node.url },
      gatewayUrl: node.url,
    })
    const { id } = await turbo.upload({ data: 'by an Ethereum key' })
    expect((await read(id)).toString()).toBe('by an Ethereum key')
  })
})

/** A name token as the client wants it. */
const ant = (owner: string) => `
  const records = { '@': { transactionId: '${'A'.repeat(43)}', ttlSeconds: 900 } }
  const state = () => ({ Name: 'Name', Ticker: 'ANT', Description: '', Keywords: [], Denomination: 0,
    Owner: '${owner}', Controllers: ['${owner}'], Records: records, Balances: { '${owner}': 1 },
    Logo: '${'B'.repeat(43)}', TotalSupply: 1, Initialized: true })
  const reply = (msg, value) => msg.reply({ data: JSON.stringify(value) })
  on('State', (msg) => reply(msg, state()))
  on('Records', (msg) => reply(msg, records))
  on('Info', (msg) => reply(msg, { Name: 'Name', Owner: '${owner}', Ticker: 'ANT', 'Total-Supply': '1',
    Description: '', Keywords: [], Logo: '${'B'.repeat(43)}', Denomination: '0' }))
  on('Set-Record', (msg) => {
    if (msg.from !== '${owner}') throw new Error('only its owner may do that')
    records[msg.tags['Sub-Domain']] = { transactionId: msg.tags['Transaction-Id'],
      ttlSeconds: Number(msg.tags['TTL-Seconds']) }
    reply(msg, records)
  })`

describe.skipIf(!isAsked)('@ar.io/sdk', { timeout: 1_200_000 }, () => {
  it('reads and writes a name token hosted here', async (context) => {
    const sdk = await load<ArIo>('@ar.io/sdk', '3.24.0')
    if (sdk === undefined) return context.skip('it could not be installed')
    const { connect } = await loadBeside('@ar.io/sdk', '3.24.0', '@permaweb/aoconnect')
    const address = await Arweave.init({}).wallets.jwkToAddress(wallet)
    const heddle = createClient({ url: node.url, signer: ed25519Signer(random.bytes(32)) })
    const { id: processId } = await heddle.spawn({ source: ant(address) })
    const ao = connect({
      MODE: 'legacy',
      GATEWAY_URL: node.url,
      GRAPHQL_URL: `${node.url}/graphql`,
      MU_URL: `${node.url}/mu`,
      CU_URL: `${node.url}/cu`,
    })
    const token = sdk.ANT.init({
      process: new sdk.AOProcess({ processId, ao }),
      signer: new sdk.ArweaveSigner(wallet),
      hyperbeamUrl: undefined,
      strict: true,
    })
    expect(await token.getInfo()).toMatchObject({ Name: 'Name', Owner: address })
    expect(await token.getState()).toMatchObject({ Owner: address, Initialized: true })
    const transactionId = 'C'.repeat(43)
    const { id } = await token.setRecord({ undername: 'docs', transactionId, ttlSeconds: 3600 })
    expect(id).toHaveLength(43)
    expect(JSON.stringify(await token.getRecords())).toContain(transactionId)
  })
})
