import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { encodeText } from '@heddle/protocol/base'
import { createItem, type Signer } from '@heddle/protocol/item'
import { createClient } from '@heddle/sdk'
import { newDataFolder, removeFolder, startNodeProcess } from '../e2e/node-process.ts'
import { startChild } from './child.ts'
import { postAll } from './load.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const processCount = 8
const messagesPerRound = 4000
const rounds = 5
/** V8 goes on compiling what is hot for some ten thousand messages; both sides get these for that. */
const warmUpRounds = 3
const peerMessagesPerRound = 10

const { clock, random, timer } = createRuntime()

const counting = `let count = 0
on('Inc', () => { count++; return count })`
const answering = `let count = 0
on('Inc', (msg) => { count++; msg.reply({ data: String(count) }) })`

/**
 * The metric is a message's way to its result. Beside it what a reply adds, an item signed, kept and indexed, and what
 * half the callers get: messages that wait together share a check, a sync and an index.
 */
const settings = {
  ingest: { source: counting, connections: 64, note: 'actors that count' },
  'ingest-32': { source: counting, connections: 32, note: 'actors that count' },
  'ingest-answered': {
    source: answering,
    connections: 64,
    note: 'actors that count and answer: each answer is signed, kept and indexed too',
  },
} as const
type Metric = keyof typeof settings
const metrics = Object.keys(settings) as Metric[]

async function signMessages(signer: Signer, targets: readonly string[], count: number) {
  const bodies: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const tags = Object.entries({
      'Data-Protocol': 'ao',
      Type: 'Message',
      Variant: 'ao.TN.1',
      Action: 'Inc',
      N: `${i}-${Buffer.from(random.bytes(8)).toString('hex')}`,
    }).map(([name, value]) => ({ name, value }))
    const target = targets[i % targets.length] ?? ''
    const item = await createItem({ target, tags, data: encodeText(' ') }, signer, nodeCrypto)
    bodies.push(item.bytes)
  }
  return bodies
}

type ProcessRow = { process: string; backlog: number }

/** Waits until every slot of these processes has its durable result. */
async function waitEvaluated(url: string, targets: ReadonlySet<string>): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/cu/processes`)
    const { processes } = (await reply.json()) as { processes: ProcessRow[] }
    const own = processes.filter((row) => targets.has(row.process))
    if (own.every(({ backlog }) => backlog === 0)) return
    await timer.sleep(5)
  }
}

async function openPeer() {
  const peer = installPeer('wao', '0.35.7')
  if ('missing' in peer) {
    remark(`wao is not measured: ${peer.missing}`)
    return undefined
  }
  const script = new URL('wao-peer.mjs', import.meta.url).pathname
  const flags = ['--no-warnings', script, peer.path]
  const child = startChild(process.execPath, flags)
  await child.next()
  return child
}

/** Signed items over HTTP to durable slot to durable result, against wao's in-memory AO in the same run. */
export async function run(): Promise<void> {
  const folder = newDataFolder()
  const node = await startNodeProcess(folder)
  const signer = ed25519Signer(random.bytes(32))
  const client = createClient({ url: node.url, signer })
  const targets: Record<Metric, string[]> = { ingest: [], 'ingest-32': [], 'ingest-answered': [] }
  for (const metric of metrics)
    for (let i = 0; i < processCount; i++)
      targets[metric].push((await client.spawn({ source: settings[metric].source })).id)
  const peer = await openPeer().catch((error: unknown) => {
    remark(`wao is not measured: ${String(error)}`)
    return undefined
  })
  const ours: Record<Metric, number[]> = { ingest: [], 'ingest-32': [], 'ingest-answered': [] }
  const theirs: number[] = []
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (const metric of metrics) {
      const { connections } = settings[metric]
      const perSecond = await measureRound(node.url, signer, targets[metric], connections)
      if (round >= warmUpRounds) ours[metric].push(perSecond)
    }
    if (peer !== undefined) {
      const seconds = Number(await peer.ask(String(peerMessagesPerRound)))
      if (round >= warmUpRounds) theirs.push(peerMessagesPerRound / seconds)
    }
  }
  peer?.stop()
  await node.stop()
  removeFolder(folder)
  for (const metric of metrics) reportMetric(metric, quantile(ours[metric], 0.5), theirs)
}

async function measureRound(
  url: string,
  signer: Signer,
  targets: readonly string[],
  connections: number,
): Promise<number> {
  const bodies = await signMessages(signer, targets, messagesPerRound)
  const startMs = clock.elapsedMs()
  await postAll(`${url}/mu/`, bodies, connections)
  await waitEvaluated(url, new Set(targets))
  return (1000 * messagesPerRound) / (clock.elapsedMs() - startMs)
}

function reportMetric(metric: Metric, value: number, theirs: readonly number[]): void {
  const { connections, note } = settings[metric]
  const setting = `${connections} connections, ${processCount} js processes, ed25519 items, generator on the same machine`
  const figure = {
    bench: 'ingest',
    metric,
    value,
    unit: 'messages/s',
    note: `${setting}; ${note}`,
  }
  if (theirs.length === 0) {
    report(figure)
    return
  }
  const peerValue = quantile(theirs, 0.5)
  const peer = `wao 0.35.7 in memory: ${peerValue.toFixed(2)}/s`
  report({ ...figure, peer, ratio: value / peerValue })
}
