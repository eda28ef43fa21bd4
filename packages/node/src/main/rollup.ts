import { encodeBase64Url } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { Compute } from '../compute/index.ts'
import type { Gateway } from '../gateway/index.ts'
import type { OrderedLog } from '../journal/index.ts'
import { createRollup, type Hosting, openHosting, type RollupRoom } from '../rollup/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { Ground } from './ground.ts'

/** The rollup's journal, taken for writing, and which logs came here by recovery. */
export type OpenHosting = {
  readonly journal: OrderedLog
  readonly epoch: number
  readonly hosting: Hosting
}

export async function openHostingOf(
  { signer }: Pick<Ground, 'signer'>,
  journal: OrderedLog,
): Promise<OpenHosting> {
  const epoch = await journal.claim()
  const address = encodeBase64Url(nodeCrypto.sha256(signer.owner))
  return { journal, epoch, hosting: await openHosting(journal, epoch, address) }
}

type Parts = {
  readonly scheduler: Scheduler
  readonly compute: Compute
  readonly gateway: Gateway
  verify(item: Item): Promise<boolean>
}

/** Rolls up this node's logs, and recovers others. */
export function openRollup(
  { options, runtime, signer, publicUrl, log, closing }: Ground,
  { journal, epoch, hosting }: OpenHosting,
  { scheduler, compute, gateway, verify }: Parts,
): RollupRoom {
  const room = log.forRoom('rollup')
  const rollup = createRollup(
    {
      log: scheduler,
      results: compute,
      items: gateway,
      journal,
      epoch,
      signer,
      engine: nodeCrypto,
      verify,
      runtime,
      sources: [...options.peers, publicUrl],
      fetch: globalThis.fetch,
      warn: (fields, text) => room.warn(fields, text),
    },
    hosting,
  )
  closing.add(() => rollup.close())
  return rollup
}

type Outbox = Pick<Compute, 'evaluations' | 'evaluatedHead' | 'onEvaluated'>

/** Results this node speaks for: what a log emits is pushed by those who schedule it. */
export function ownResults(compute: Outbox, hosting: Pick<Hosting, 'isForeign'>): Outbox {
  return {
    evaluations: (...page) => compute.evaluations(...page),
    evaluatedHead: (processId) =>
      hosting.isForeign(processId) ? 0 : compute.evaluatedHead(processId),
    onEvaluated: (listener) =>
      compute.onEvaluated((processId, slot) => {
        if (!hosting.isForeign(processId)) listener(processId, slot)
      }),
  }
}
