import { createRuntime } from '@heddle/node/runtime'
import { type Client, fetchProvenance, isHeddleError, type Provenance } from '@heddle/sdk'
import { type ReplayedReceipt, replayReceipt } from '../commands/verify-receipt.ts'
import type { Narrator } from './narrator.ts'

/** A decision as the trader keeps it (`examples/agent/agent.ts`). */
export type Decision = {
  readonly number: number
  readonly instruction: string
  readonly output: string
  readonly verdict: 'act' | 'refuse'
  readonly rule: string
  readonly why: string
  readonly receipt?: string
  readonly id?: string
  readonly action?: string
}

/** The way back from a decision to the data its model learnt from. */
const lineage = ['Decision', 'Receipt', 'Model', 'Training-Run', 'Dataset']

/** Shows what the newest action rests on, and answers its question again on this machine. */
export async function proveDecision(
  client: Client,
  narrator: Narrator,
  decisions: readonly Decision[],
  signal: AbortSignal,
): Promise<void> {
  const acted = decisions.findLast(({ verdict, id }) => verdict === 'act' && id !== undefined)
  const shown = acted ?? decisions.findLast(({ id }) => id !== undefined)
  if (shown?.id === undefined || shown.receipt === undefined) return
  const right = await replayKept(client, shown.receipt, signal)
  const provenance = await fetchProvenance(client, shown.id, signal)
  narrator.step(
    'why',
    `decision ${shown.number}: “${shown.instruction}”, ${shown.action ?? shown.why}`,
  )
  narrator.say(tellLineage(provenance))
  narrator.link(`/provenance/${shown.id}`)
  const { steps, took, id } = right
  narrator.step(
    'replay',
    `its receipt: ${steps} tokens made again here in ${took}, every bit the same`,
  )
  narrator.say(`npx heddle verify receipt ${id} --url ${client.url}`)
}

/** A minute: a slow disk may have more to write before it. */
const keptTries = 400
const pauseMs = 150

/** A receipt is kept right after its result. */
async function replayKept(
  client: Client,
  digest: string,
  signal: AbortSignal,
): Promise<ReplayedReceipt> {
  const { timer } = createRuntime()
  for (let attempt = 1; ; attempt++) {
    try {
      return await replayReceipt(client, digest, signal)
    } catch (error) {
      const isEarly = isHeddleError(error) && error.code === 'receipt-unknown'
      if (!isEarly || attempt >= keptTries) throw error
      await timer.sleep(pauseMs)
    }
  }
}

/** In one line, and whether all of it holds. */
function tellLineage({ items, links }: Provenance): string {
  const found = lineage.filter((kind) => items.some((item) => item.kind === kind))
  const wrong = [...items, ...links].filter(({ state }) => state !== 'verified').length
  const verdict = wrong === 0 ? 'every signature checked' : `${wrong} items or links do not hold`
  return `${found.map((kind) => kind.toLowerCase()).join(' ← ')}: ${items.length} items, ${verdict}`
}
