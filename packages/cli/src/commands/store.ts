import { existsSync } from 'node:fs'
import { createRuntime, nodeCrypto } from '@heddle/node/runtime'
import { verifyStorageProof } from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url, HeddleError } from '@heddle/protocol/base'
import {
  type Command,
  clientFlags,
  type Given,
  idArgument,
  numberFlag,
  textFlag,
  usageError,
} from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'
import { giveStake, showCopies } from './store-copies.ts'
import { recoverProcess } from './store-recover.ts'

type Status = {
  readonly dataSets: number
  readonly chunks: number
  readonly chunkBytes: number
  readonly diskBytes: number
  readonly segments: number
  readonly holds: number
  readonly damaged: number
  readonly copies?: {
    readonly promised: number
    readonly short: number
    readonly kept: number
    readonly keptBytes: number
  }
}

type Audit = {
  readonly checkedChunks: number
  readonly checkedBytes: number
  readonly faults: readonly {
    readonly dataRoot: string
    readonly offset: number
    readonly message: string
  }[]
}

function describeStatus(status: Status): string {
  const rows = [
    ['data sets', `${status.dataSets}, ${status.holds} holds`],
    ['chunks', `${status.chunks}, ${status.chunkBytes} bytes`],
    ['disk', `${status.diskBytes} bytes in ${status.segments} segments`],
    ['damaged', `${status.damaged} since the start`],
    ...copiesRows(status),
  ]
  return rows.map(([name = '', value]) => `${name.padEnd(10)} ${value}`).join('\n')
}

function copiesRows({ copies }: Status): string[][] {
  if (copies === undefined) return []
  const { promised, short, kept, keptBytes } = copies
  const missing = short === 0 ? 'none short of copies' : `${short} SHORT OF COPIES`
  return [
    ['copies', `of ${promised} items at keepers, ${missing}`],
    ['kept', `${kept} for other nodes, ${keptBytes} bytes`],
  ]
}

async function showStatus({ flags, signal }: Given): Promise<number> {
  const asking = connect(flags).transport.get('/store/status', signal)
  const status = (await withProgress('asking', asking)).json() as Status
  answer(flags.json === true, status, describeStatus(status))
  return 0
}

async function audit({ flags, signal }: Given): Promise<number> {
  const count = numberFlag(flags, 'count', 10_000) ?? 100
  const path = `/store/audit?count=${count}`
  const asking = connect(flags).transport.post(path, new Uint8Array(0), 'text/plain', signal)
  const report = (await withProgress('recalling', asking)).json() as Audit
  const lines = report.faults.map(({ dataRoot, offset, message }) =>
    [dataRoot, `byte ${offset}`, message].join('  '),
  )
  const { checkedChunks, checkedBytes, faults } = report
  const sum = `${checkedChunks} chunks, ${checkedBytes} bytes recalled: ${faults.length} at fault`
  answer(flags.json === true, report, [...lines, sum].join('\n'))
  return faults.length === 0 ? 0 : 1
}

type Answers = {
  readonly answers?: readonly { readonly chunk: string; readonly data_path: string }[]
}

/** Asks a node for bytes it cannot foresee, and checks the answer here: nothing it says is believed. */
async function challenge(root: string, size: string, { flags, signal }: Given): Promise<number> {
  const sizeBytes = /^\d{1,15}$/.test(size) ? Number(size) : 0
  if (sizeBytes < 1) throw usageError(`heddle store challenge: ${size} is not a size in bytes`)
  const rootBytes = decodeBase64Url(idArgument('data root', root)) ?? new Uint8Array(0)
  const count = numberFlag(flags, 'count', 4) ?? 4
  const nonce = createRuntime().random.bytes(32)
  const query = new URLSearchParams({ root, size, count: String(count) })
  query.set('nonce', encodeBase64Url(nonce))
  const asking = connect(flags).transport.get(`/store/proof?${query}`, signal)
  const { answers = [] } = (await withProgress('challenging', asking)).json() as Answers
  const none = new Uint8Array(0)
  const given = answers.map(({ chunk, data_path }) => ({
    bytes: decodeBase64Url(chunk) ?? none,
    path: decodeBase64Url(data_path) ?? none,
  }))
  const asked = { root: rootBytes, sizeBytes, nonce, count }
  if (!verifyStorageProof(asked, given, nodeCrypto)) {
    const text = `the node does not prove that it holds data ${root}: its answers do not check out`
    throw new HeddleError('proof-wrong', 'invalid', text, { root, sizeBytes })
  }
  const text = `proven: ${count} random bytes of ${root} were at hand`
  answer(flags.json === true, { root, sizeBytes, count, proven: true }, text)
  return 0
}

async function rebuild({ flags }: Given): Promise<number> {
  const folder = textFlag(flags, 'data') ?? '.heddle'
  if (!existsSync(folder))
    throw usageError(`heddle store rebuild: no data folder ${folder}: --data`)
  // Loaded here, since most commands need no node.
  const { rebuildNodeStore } = await import('@heddle/node/main')
  const { status, damages } = await withProgress('rebuilding', rebuildNodeStore(folder))
  const lines = damages.map(({ path, offset, bytes, isTail }) => {
    const what = isTail ? 'torn by a crash, never acknowledged' : 'damaged'
    return `${path}  byte ${offset}  ${bytes} bytes ${what}`
  })
  const text = [...lines, describeStatus(status)].join('\n')
  answer(flags.json === true, { status, damages }, text)
  return damages.some(({ isTail }) => !isTail) ? 1 : 0
}

/** Has the node keep all of its logs that is evaluated now, rather than soon. */
async function rollUp({ flags, signal }: Given): Promise<number> {
  const { transport } = connect(flags)
  const asking = transport.post('/rollup/flush', new Uint8Array(0), 'text/plain', signal)
  await withProgress('rolling up', asking)
  answer(flags.json === true, {}, 'all that is evaluated is kept in the store')
  return 0
}

export const storeCommand: Command = {
  name: 'store',
  usage:
    'status | copies ID | stake KEEPER WINSTON | audit | challenge ROOT SIZE | rebuild | ' +
    'recover PROCESS | rollup',
  summary:
    'Show, audit or challenge a node’s store and its copies; rebuild its index, or a process',
  flags: {
    ...clientFlags,
    count: { type: 'string', help: 'COUNT of chunks to recall (default 100; challenge: 4)' },
    from: { type: 'string', help: 'URL to recover from (default: the node’s peers, then itself)' },
    bundle: {
      type: 'string',
      multiple: true,
      help: 'FILE with a rollup’s data to recover from, in order of slot; may be repeated',
    },
    scheduler: { type: 'string', help: 'ADDRESS that schedules the process, where several say so' },
    data: { type: 'string', help: 'DIR of the stopped node to rebuild (default .heddle)' },
  },
  arguments: [1, 3],
  async run(given) {
    const [verb, root, size] = given.values
    if (verb === 'challenge' && root !== undefined && size !== undefined) {
      return challenge(root, size, given)
    }
    if (verb === 'stake' && root !== undefined && size !== undefined) {
      return giveStake(root, size, given)
    }
    if (verb === 'copies' && root !== undefined && size === undefined) {
      return showCopies(root, given)
    }
    if (verb === 'recover' && root !== undefined && size === undefined) {
      return recoverProcess(root, given)
    }
    if (root === undefined) {
      if (verb === 'rollup') return rollUp(given)
      if (verb === 'status') return showStatus(given)
      if (verb === 'audit') return audit(given)
      if (verb === 'rebuild') return rebuild(given)
    }
    throw usageError(
      'heddle store: status, copies ID, stake KEEPER WINSTON, audit, challenge ROOT SIZE, rebuild, ' +
        'recover PROCESS, or rollup. See: heddle store --help',
    )
  },
}
