import { join } from 'node:path'
import { portableEd25519Signer } from '@heddle/protocol/item'
import { createClient, type ProcessHandle } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { replayReceipt } from '../packages/cli/src/commands/verify-receipt.ts'
import { publishOrderModel } from '../packages/cli/src/tour/order-model.ts'
import { fetchModules } from '../scripts/fetch-modules.ts'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

/** Real aos takes seconds to compile: `npm run soak -- modules` has it. */
const modules =
  process.env.HEDDLE_SLOW === undefined
    ? { skipped: 'HEDDLE_SLOW is not set' }
    : await fetchModules()

const order = 'could you sell 8 usdc at 20 or more'
const call = '{"tool":"sell","qty":8,"token":"USDC","limit":20}'
const actor = `on('Ask', (msg) => msg.reply({ data: model.complete(msg.json()) }))`

/** Lua that puts a request to a model, as `docs/guide/models.md` shows it. */
const lua = `
  local json = require("json")
  local function complete(request, path)
    local file = assert(io.open(path or "/model", "r+"))
    file:write(json.encode(request))
    local answer = file:read(file:seek("end"))
    file:close()
    return json.decode(answer)
  end`
const ask = (request: string, path = '/model') =>
  `${lua} return json.encode(complete(${request}, "${path}"))`

describe.skipIf('skipped' in modules)('an aos process calls a model', () => {
  const folder = newDataFolder()
  const signer = portableEd25519Signer(new Uint8Array(32).fill(29))
  let node: NodeProcess
  let client: ReturnType<typeof createClient>
  let modelId: string
  let aos: ProcessHandle
  let aos32: ProcessHandle
  let js: ProcessHandle

  const evaluate = (source: string) => aos.send({ action: 'Eval', data: source })
  const outputOf = (result: Awaited<ReturnType<typeof evaluate>>) =>
    String((result.raw.Output as { readonly data?: unknown } | undefined)?.data)

  beforeAll(async () => {
    if ('skipped' in modules) return
    node = await startNodeProcess(folder)
    client = createClient({ url: node.url, signer })
    modelId = (await publishOrderModel(client)).id
    const wallet = join(node.folder, 'wallet.json')
    await runHeddle(['keygen', wallet])
    const tags = [{ name: 'Calls-Model', value: modelId }]
    const spawn = async (file: string) => {
      const args = ['module', 'add', file, '--url', node.url, '--wallet', wallet, '--json']
      const { code, out, err } = await runHeddle(args)
      if (code !== 0) throw new Error(err)
      return await client.spawn({ module: JSON.parse(out).id, tags })
    }
    aos = await spawn(modules.wasm64)
    aos32 = await spawn(modules.wasm32)
    js = await client.spawn({ source: actor, tags })
  })
  afterAll(async () => {
    if (node === undefined) return
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  it('and has the answer and the receipt of a js actor, which holds', async () => {
    const result = await evaluate(ask(`{ prompt = "${order}\\n", tokens = 64 }`))
    const answer = JSON.parse(outputOf(result))
    expect(answer).toMatchObject({ text: call, finish: 'end', model: modelId })
    expect(result.raw.Receipts).toHaveLength(1)
    const data = JSON.stringify({ prompt: `${order}\n`, tokens: 64 })
    const theirs = await js.send({ action: 'Ask', data })
    expect(JSON.parse(theirs.messages[0]?.data ?? '')).toEqual(answer)
    expect(theirs.raw.Receipts).toEqual(result.raw.Receipts)
    const in32 = await aos32.send({
      action: 'Eval',
      data: ask(`{ prompt = "${order}\\n", tokens = 64 }`),
    })
    expect(in32.raw.Receipts).toEqual(result.raw.Receipts)
    const { signal } = new AbortController()
    const replayed = await vi.waitFor(() => replayReceipt(client, answer.receipt, signal), 120_000)
    expect(replayed.steps).toBe(12)
  })

  it('by its id, several times, and once more after a refusal', async () => {
    const source = `${lua}
      local path = "/model/${modelId}"
      local one = complete({ prompt = "${order}\\n", tokens = 64 }, path)
      local bad = complete({ prompt = "x", strange = 1 })
      local two = complete({ prompt = "${order}\\n", tokens = 64 })
      return json.encode({ one.text == two.text, one.receipt == two.receipt, bad.error })`
    const result = await evaluate(source)
    const [sameText, sameReceipt, error] = JSON.parse(outputOf(result))
    expect([sameText, sameReceipt]).toEqual([true, true])
    expect(error).toMatch(/^model-call-invalid: .*strange/)
    expect(result.raw.Receipts).toHaveLength(2)
  })

  it('pays for it, has no other model, and no files beside', async () => {
    const plain = await evaluate('return 1')
    const paid = await evaluate(ask(`{ prompt = "${order}\\n", tokens = 64 }`))
    expect(Number(paid.raw.GasUsed)).toBeGreaterThan(Number(plain.raw.GasUsed) + 1_000_000)
    const other = 'A'.repeat(43)
    expect(outputOf(await evaluate(ask('{ prompt = "x" }', `/model/${other}`)))).toMatch(
      /model-not-declared: the process does not name model A+/,
    )
    const files = 'return tostring(io.open("/model.txt", "w")) .. tostring(io.open("/etc/passwd"))'
    expect(outputOf(await evaluate(files))).toBe('nilnil')
  })

  it('and a stranger who runs all of it again has the same', async () => {
    const { out, code } = await runHeddle(['verify', aos.id, '2', '--json', '--url', node.url])
    expect(JSON.parse(out)).toMatchObject({ outcome: 'verified', slot: 2, fromSlot: 0 })
    expect(code).toBe(0)
  })
})
