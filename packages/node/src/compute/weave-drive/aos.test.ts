import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item, type Signer, verifyItem } from '@heddle/protocol/item'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { type OrderedLog, openJournal } from '../../journal/index.ts'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { createCompute } from '../compute.ts'
import type { Compute } from '../face.ts'
import { FakeItems, FakeLog, schedulerSigner, testSigner } from '../testing/fake-log.ts'
import { driveTag, HeldFiles } from './testing/held-files.ts'

/** Real aos takes seconds to compile: `npm run soak` has it; `drive.test.ts` shows the same in small. */
const slow = process.env.HEDDLE_SLOW !== undefined
const modules = slow ? await fetchModules() : { skipped: 'HEDDLE_SLOW is not set' }
const runtime = createRuntime()
const user = testSigner(2)
const attestor = testSigner(7)
const addressOf = ({ owner }: Signer) => encodeBase64Url(nodeCrypto.sha256(owner))

type Rig = {
  readonly log: FakeLog
  readonly files: HeldFiles
  readonly folder: string
  results: OrderedLog
  compute: Compute
}

describe.skipIf('skipped' in modules)('an aos process reads from its drive', () => {
  const items = new FakeItems()
  const log = new FakeLog()
  const files = new HeldFiles()
  let rig: Rig
  let moduleId: string
  let count = 0

  async function open(folder: string, held: HeldFiles): Promise<Rig> {
    const results = await openJournal(join(folder, 'results'), runtime)
    const compute = await createCompute(
      {
        log,
        items,
        drive: held,
        verify: (item) => verifyItem(item, nodeCrypto),
        results,
        checkpointFolder: join(folder, 'checkpoints'),
        runtime,
        engine: nodeCrypto,
        address: 'A'.repeat(43),
        signer: testSigner(3),
        publish: async () => undefined,
      },
      { workers: 1, retryMs: 50 },
    )
    return { log, files: held, folder, results, compute }
  }

  async function close({ compute, results, folder }: Rig): Promise<void> {
    await compute.close()
    await results.close()
    log.detach()
    await rm(folder, { recursive: true, force: true })
  }

  const newFolder = () => mkdtemp(join(tmpdir(), 'heddle-drive-'))

  const item = (data: string, tags: Record<string, string> = {}, signer = user, target?: string) =>
    createItem(
      {
        data: encodeText(data),
        tags: Object.entries(tags).map(([name, value]) => ({ name, value })),
        ...(target === undefined ? {} : { target }),
      },
      signer,
      nodeCrypto,
    )

  async function spawn(tags: Record<string, string> = driveTag): Promise<string> {
    const process = await item('', {
      ...{ 'Data-Protocol': 'ao', Type: 'Process', Variant: 'ao.TN.1', Module: moduleId },
      ...{ Scheduler: 'S', N: String(count++), ...tags },
    })
    await log.append(process.id, process)
    return process.id
  }

  async function evaluate(processId: string, source: string) {
    const tags = { 'Data-Protocol': 'ao', Type: 'Message', Action: 'Eval', N: String(count++) }
    const slot = await log.append(processId, await item(source, tags, user, processId))
    return { slot, result: await rig.compute.result(processId, slot) }
  }
  const dataOf = ({ result }: Awaited<ReturnType<typeof evaluate>>) =>
    (result.result.Output as { data?: unknown } | undefined)?.data
  const read = (path: string) =>
    `local f = io.open("${path}"); local s = f:read(f:seek("end")); f:close(); return s`

  beforeAll(async () => {
    if ('skipped' in modules) return
    const module = await createItem(
      {
        data: await readFile(modules.wasm64),
        tags: [
          { name: 'Type', value: 'Module' },
          { name: 'Module-Format', value: 'wasm64-unknown-emscripten-draft_2024_02_15' },
        ],
      },
      testSigner(9),
      nodeCrypto,
    )
    moduleId = items.add(module).id
    rig = await open(await newFolder(), files)
  })

  afterAll(() => rig && close(rig))

  async function assign(processId: string, held: Item): Promise<number> {
    items.add(held)
    return log.append(processId, held, { assigned: true })
  }

  test('data, transaction and node of what was assigned to it, and nothing before', async () => {
    const processId = await spawn()
    const held = await item('words of the weave', { Title: 'words' })
    const before = await evaluate(processId, read(`/data/${held.id}`))
    expect(before.result.result.Error).toContain(`the drive cannot give /data/${held.id}`)
    await assign(processId, held)
    files.hold(held)
    expect(dataOf(await evaluate(processId, read(`/data/${held.id}`)))).toBe('words of the weave')
    const decode = (path: string, field: string) =>
      `local f = io.open("${path}"); local s = f:read(f:seek("end")); f:close(); ` +
      `return require("json").decode(s).${field}`
    expect(dataOf(await evaluate(processId, decode(`/tx/${held.id}`, 'id')))).toBe(held.id)
    expect(dataOf(await evaluate(processId, decode(`/tx/${held.id}`, 'ownerAddress')))).toBe(
      addressOf(user),
    )
    expect(dataOf(await evaluate(processId, decode(`/tx2/${held.id}`, 'tags[1].value')))).toBe(
      'words',
    )
  })

  test('in pieces, from anywhere, through as many windows as it takes', async () => {
    const processId = await spawn()
    const large = await item(Array.from({ length: 400_000 }, (_, i) => `${i},`).join(''))
    await assign(processId, large)
    files.hold(large)
    const text = Buffer.from(large.data).toString()
    const at = 2 ** 20 - 3
    const source =
      `local f = io.open("/data/${large.id}"); local size = f:seek("end"); ` +
      `f:seek("set", ${at}); local a = f:read(10); local b = f:read(5); f:close(); ` +
      'return size .. ":" .. a .. ":" .. b'
    expect(dataOf(await evaluate(processId, source))).toBe(
      `${text.length}:${text.slice(at, at + 10)}:${text.slice(at + 10, at + 15)}`,
    )
    const whole = `local f = io.open("/data/${large.id}"); local s = f:read(f:seek("end")); f:close()`
    expect(dataOf(await evaluate(processId, `${whole} return #s .. s:sub(-8)`))).toBe(
      `${text.length}${text.slice(-8)}`,
    )
  })

  test('waits for what is admitted and not here, and never skips it', async () => {
    const processId = await spawn()
    const late = await item('late')
    await assign(processId, late)
    const slot = await log.append(
      processId,
      await item(read(`/data/${late.id}`), { Action: 'Eval', Type: 'Message' }, user, processId),
    )
    await expect(rig.compute.result(processId, slot)).rejects.toMatchObject({
      code: 'weave-drive-missing',
    })
    files.hold(late)
    const { result } = await rig.compute.result(processId, slot)
    expect(result.Output).toMatchObject({ data: 'late' })
  })

  test('attestations count by signer, kind and slot; blocks by the id attested', async () => {
    const processId = await spawn({
      ...driveTag,
      Attestor: addressOf(attestor),
      'Availability-Type': 'Individual',
    })
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((data) => item(data)))
    if (!one || !two || !three) throw new Error('three items')
    for (const held of [one, two, three]) files.hold(held)
    const block = files.addBlock(12)
    const attest = async (tags: Record<string, string>, signer = attestor) =>
      log.append(processId, await item('', tags, signer, processId))
    await attest({ Type: 'Attestation', 'Data-Protocol': 'ao', Message: one.id })
    await attest({ Type: 'Available', 'Data-Protocol': 'WeaveDrive', ID: two.id })
    await attest({ Type: 'Attestation', 'Data-Protocol': 'ao', Message: three.id }, user)
    expect(dataOf(await evaluate(processId, read(`/data/${one.id}`)))).toBe('one')
    expect(dataOf(await evaluate(processId, read(`/data/${two.id}`)))).toBe('two')
    const denied = await evaluate(processId, read(`/data/${three.id}`))
    expect(denied.result.result.Error).toContain('no attestation')
    const early = await evaluate(processId, read('/block/12'))
    expect(early.result.result.Error).toContain('/block/12')
    const kind = { Type: 'Available', 'Data-Protocol': 'WeaveDrive' }
    await attest({ ...kind, Block: '12', 'Block-Id': block.indep_hash }, schedulerSigner)
    const shown = JSON.parse(String(dataOf(await evaluate(processId, read('/block/12')))))
    expect(shown).toMatchObject({ height: 12, indep_hash: block.indep_hash })
  })

  test('no drive without the extension, but for On-Boot; Library is refused', async () => {
    const held = await item('boot')
    items.add(held)
    files.hold(held)
    const open = (id: string) => `return tostring(io.open("/data/${id}"))`
    const plain = await spawn({})
    expect(dataOf(await evaluate(plain, open(held.id)))).toBe('nil')
    const booting = await spawn({ 'On-Boot': held.id })
    expect(dataOf(await evaluate(booting, read(`/data/${held.id}`)))).toBe('boot')
    const library = await spawn({ ...driveTag, 'Availability-Type': 'Library' })
    await assign(library, held)
    const { result } = await evaluate(library, open(held.id))
    expect(result.result.Error).toContain('Library')
  })

  test('another unit, cold and with its own store, gets the same results bit for bit', async () => {
    const other = await open(await newFolder(), files.copy())
    try {
      for (const processId of log.processes()) {
        const last = log.head(processId) - 1
        await other.compute.result(processId, last)
        const mine = await rig.compute.evaluations(processId, 0, 1000)
        expect(await other.compute.evaluations(processId, 0, 1000)).toEqual(mine)
      }
    } finally {
      await close(other)
    }
  })
})
