import { readFile } from 'node:fs/promises'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { resultChainNext, resultChainStart } from '@heddle/protocol/digest'
import { createRuntime, nodeCrypto } from '../../../runtime/index.ts'
import type { CheckpointDelta, PackedCheckpoint } from '../../checkpoint/index.ts'
import { compileGuest } from '../../guest/compile.ts'
import type { GuestModule } from '../../guest/ports.ts'
import { compileJsGuest } from '../../guest-js/compile.ts'
import { buildJsModuleData } from '../../guest-js/module.ts'
import { prepareAnew } from '../../prepare/cache.ts'
import { HotProcess } from '../../worker/hot-process.ts'
import type { WorkMessage } from '../../worker/protocol.ts'
import { createWatch } from '../../worker/watch.ts'
import { aosSources, jsSource, jsSources } from './matrix-messages.testing.ts'

/** One run of the matrix: what is run, for how long, and whether it goes through checkpoints. */
export type MatrixRun = {
  /** `js`, or the format of an aos module. */
  readonly format: string
  /** File of the aos module. */
  readonly path?: string
  readonly messages: number
  /** Slots between two states that are compared. */
  readonly every: number
  /** Continues from the checkpoint at each of them, in a fresh instance. */
  readonly isCold: boolean
}

/**
 * What must be the same on every engine: the chain, the state roots, and how many messages failed.
 */
export type MatrixDigests = {
  readonly resultChain: string
  readonly stateRoots: readonly string[]
  readonly failed: number
}

const memoryBytes = 2 ** 29
const processId = idOf('process')
const owner = idOf('owner')

/** Evaluates the run's messages in this process and thread. */
export async function runMatrix(run: MatrixRun): Promise<MatrixDigests> {
  const module = await compile(run)
  let process = await open(module, 0, undefined)
  let chain = resultChainStart(processId, nodeCrypto)
  const stateRoots: string[] = []
  let parts: CheckpointDelta[] = []
  let failedCount = 0
  for (let slot = 0; slot < run.messages; slot++) {
    const { digest: resultDigest, failed } = await process.evaluate(workAt(run, slot))
    if (failed) failedCount++
    chain = resultChainNext(chain, { assignmentId: idOf(`slot ${slot}`), resultDigest }, nodeCrypto)
    if ((slot + 1) % run.every !== 0) continue
    const delta = process.checkpoint()
    if (delta === undefined) throw new Error('nothing was evaluated')
    stateRoots.push(encodeBase64Url(delta.stateRoot))
    if (!run.isCold) continue
    process.close()
    parts = delta.base === undefined ? [delta] : [...parts, delta]
    const at = { digest: String(slot), endAt: 0 }
    process = await open(module, slot + 1, { parts, stateRoot: delta.stateRoot, at })
  }
  process.close()
  return { resultChain: encodeBase64Url(chain), stateRoots, failed: failedCount }
}

async function compile({ format, path }: MatrixRun): Promise<GuestModule> {
  const { disk } = createRuntime()
  if (format === 'js') return await compileJsGuest(await buildJsModuleData(disk))
  return await compileGuest(await readFile(path ?? ''), format, { prepare: prepareAnew })
}

async function open(
  module: GuestModule,
  nextSlot: number,
  checkpoint: PackedCheckpoint | undefined,
): Promise<HotProcess> {
  const names = { processId, number: 0, memoryBytes, environment: environmentJson() }
  const cells = new Int32Array(createWatch())
  return await HotProcess.open(
    module,
    { ...names, nextSlot, checkpoint, unprovenFor: undefined },
    createRuntime().clock,
    cells,
  )
}

function workAt({ format }: MatrixRun, slot: number): WorkMessage {
  const id = slot === 0 ? processId : idOf(`message ${slot}`)
  const timestampMs = 1_700_000_000_000 + slot * 1_234
  const sources = format === 'js' ? jsSources : aosSources
  const source = sources[slot % sources.length] ?? ''
  const boot = format === 'js' ? jsSource : ''
  const message = {
    Id: id,
    Owner: owner,
    From: owner,
    Target: processId,
    Anchor: '',
    Tags: slot === 0 ? processTags() : [{ name: 'Action', value: 'Eval' }, ...messageTags],
    Data: slot === 0 ? boot : source,
    Epoch: 0,
    Nonce: slot,
    Timestamp: timestampMs,
    'Block-Height': 1000 + slot,
    'Hash-Chain': idOf(`chain ${slot}`),
    Cron: false,
    Module: idOf('module'),
  }
  return { slot, id, timestampMs, json: JSON.stringify(message) }
}

const messageTags = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Message' },
  { name: 'Variant', value: 'ao.TN.1' },
]

function processTags() {
  return [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Process' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Name', value: 'matrix' },
    { name: 'Module', value: idOf('module') },
    { name: 'Authority', value: owner },
  ]
}

function environmentJson(): string {
  return JSON.stringify({
    Process: { Id: processId, Owner: owner, Tags: processTags() },
    Module: { Id: idOf('module'), Owner: owner, Tags: [] },
  })
}

function idOf(name: string): string {
  return encodeBase64Url(nodeCrypto.sha256(encodeText(name)))
}
