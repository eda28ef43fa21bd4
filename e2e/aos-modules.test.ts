import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRuntime, ed25519Signer } from '@heddle/node/runtime'
import { createClient } from '@heddle/sdk'
import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchModules } from '../scripts/fetch-modules.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

/** Real modules take long to compile: `npm run soak` runs these. */
const slow = process.env.HEDDLE_SLOW !== undefined
const modules = slow ? await fetchModules() : { skipped: 'HEDDLE_SLOW is not set' }
const { random } = createRuntime()

describe.skipIf('skipped' in modules)('real aos modules on a node', () => {
  const folder = newDataFolder()
  const signer = ed25519Signer(random.bytes(32))
  let node: NodeProcess

  beforeAll(async () => {
    node = await startNodeProcess(folder)
  })

  afterAll(async () => {
    expect(await node?.stop()).toBe(0)
    removeFolder(folder)
  })

  const client = () => createClient({ url: node.url, signer })

  async function addModule(file: string): Promise<string> {
    return client().upload({
      data: await readFile(file),
      tags: {
        'Data-Protocol': 'ao',
        Type: 'Module',
        Variant: 'ao.TN.1',
        'Module-Format': 'wasm64-unknown-emscripten-draft_2024_02_15',
        'Input-Encoding': 'JSON-1',
        'Output-Encoding': 'JSON-1',
        'Memory-Limit': '1-gb',
        'Compute-Limit': '9000000000000',
      },
    })
  }

  type Tags = readonly { readonly name: string; readonly value: string }[]
  const spawn = async (module: string, tags: Tags = []) =>
    (await client().spawn({ module, tags })).id

  async function evaluate(id: string, data: string): Promise<string> {
    const { output, error } = await client().process(id).send({ action: 'Eval', data })
    if (error !== undefined) return `Error ${error}`
    const shown = typeof output === 'string' ? output : (output as { data?: unknown })?.data
    const text = typeof shown === 'object' ? (shown as { output?: unknown })?.output : shown
    return String(text)
  }

  it('SQLite: tables, rows and queries outlive a restart of the node', async () => {
    if ('skipped' in modules) return
    const id = await spawn(await addModule(modules.sqlite))
    const create =
      'Db = require("lsqlite3").open_memory(); return Db:exec([[' +
      'create table price (id integer primary key, name text, value real); ' +
      "insert into price (name, value) values ('rye', 1.5), ('oats', 2.25)]])"
    const select =
      'local s = {}; for r in Db:nrows("select * from price order by id") do ' +
      's[#s + 1] = r.id .. r.name .. r.value end; return table.concat(s, " ")'
    expect(await evaluate(id, create)).toBe('0')
    expect(await evaluate(id, select)).toBe('1rye1.5 2oats2.25')
    const insert = 'Db:exec("insert into price (name, value) values (\'bran\', 0.5)")'
    expect(await evaluate(id, `return ${insert}`)).toBe('0')
    const failed = await evaluate(id, `${insert} error("on purpose")`)
    expect(failed).toContain('on purpose')
    const before = await evaluate(id, select)
    expect(await node.stop()).toBe(0)
    node = await startNodeProcess(folder)
    expect(await evaluate(id, select)).toBe(before)
    const sum = 'for r in Db:rows("select count(*), sum(value) from price") do return r[2] end'
    expect(await evaluate(id, sum)).toBe('4.25')
    expect(await evaluate(id, 'return tostring(require("lsqlite3").open("/tmp/x.db"))')).toBe('nil')
  })

  it('WeaveDrive: reads an item and a transaction in chunks out of the store', async () => {
    if ('skipped' in modules) return
    const module = await addModule(modules.wasm64)
    const attestor = ed25519Signer(random.bytes(32))
    const attestorAddress = createClient({ url: node.url, signer: attestor }).address ?? ''
    const id = await spawn(module, [
      { name: 'Extension', value: 'WeaveDrive' },
      { name: 'Attestor', value: attestorAddress },
    ])
    const read = (path: string) =>
      `local f = io.open("${path}"); local s = f:read(f:seek("end")); f:close(); return s`
    const item = await client().upload({ data: 'kept for ever', tags: { Title: 'item' } })
    expect(await evaluate(id, read(`/data/${item}`))).toContain('the drive cannot give')
    await assign(id, item)
    expect(await evaluate(id, read(`/data/${item}`))).toBe('kept for ever')
    expect(JSON.parse(await evaluate(id, read(`/tx/${item}`)))).toMatchObject({ id: item })

    const data = new Uint8Array(randomBytes(1_500_000)).map((byte) => 97 + (byte % 26))
    const transaction = await uploadChunks(data)
    const attestation = await createClient({ url: node.url, signer: attestor }).upload({
      data: '',
      tags: { 'Data-Protocol': 'ao', Type: 'Attestation', Message: transaction },
    })
    await assign(id, attestation)
    const ends =
      `local f = io.open("/data/${transaction}"); local n = f:seek("end"); ` +
      'local s = f:read(n); f:close(); return n .. s:sub(1, 8) .. s:sub(-8)'
    const text = Buffer.from(data).toString()
    expect(await evaluate(id, ends)).toBe(`1500000${text.slice(0, 8)}${text.slice(-8)}`)
  })

  async function assign(processId: string, id: string): Promise<void> {
    const query = `process-id=${processId}&assign=${id}`
    const { status } = await fetch(`${node.url}/mu/?${query}`, { method: 'POST' })
    expect(status).toBe(202)
  }

  async function uploadChunks(data: Uint8Array): Promise<string> {
    const { hostname: host, port } = new URL(node.url)
    const arweave = Arweave.init({ host, port, protocol: 'http' })
    const wallet = await arweave.wallets.generate()
    const transaction = await arweave.createTransaction({ data }, wallet)
    await arweave.transactions.sign(transaction, wallet)
    const uploader = await arweave.transactions.getUploader(transaction)
    while (!uploader.isComplete) await uploader.uploadChunk()
    return transaction.id
  }
})
