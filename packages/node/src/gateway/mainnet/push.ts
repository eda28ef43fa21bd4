import { encodeBase64Url, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { Result } from '@heddle/protocol/message'
import type { RouteReply } from '../../network/index.ts'
import { targetDiffers } from '../errors.ts'
import type { MainnetDeps, ScheduleReceipt } from '../ports.ts'
import { type Call, callKey, signedItem } from './call.ts'
import { type Patience, resultWithin } from './patience.ts'

/**
 * Schedules the posted item: a process, or a message to `processId` where the path names one. The
 * reply holds the receipt and, for a message evaluated in time, its result under `raw`. The slot is
 * durable either way; what it emits is pushed like that of any other message.
 */
export async function push(
  call: Call,
  processId: string | undefined,
  deps: MainnetDeps,
  { pushPatienceMs }: Pick<Patience, 'pushPatienceMs'>,
): Promise<RouteReply> {
  const item = await signedItem(call, deps)
  if (processId !== undefined && !isProcess(item)) {
    const target = encodeBase64Url(item.target)
    if (target !== processId) throw targetDiffers(processId, target)
  }
  const receipt = await scheduleOnce(item, deps)
  const waits = pushPatienceMs > 0 && !isProcess(item) && callKey(call, 'push-mode') !== 'async'
  const outcome = waits ? await outcomeOf(receipt, call, deps, pushPatienceMs) : {}
  return receiptReply(receipt, outcome)
}

function isProcess({ tags }: Item): boolean {
  return (tagValue(tags, 'Type') ?? tagValue(tags, 'type')) === 'Process'
}

/**
 * A repeat gets the receipt of the first: sending again after a lost reply is what clients should
 * do.
 */
async function scheduleOnce(item: Item, { scheduler }: MainnetDeps): Promise<ScheduleReceipt> {
  try {
    return await scheduler.schedule(item)
  } catch (error) {
    if (!isHeddleError(error, 'message-exists')) throw error
    return error.details as ScheduleReceipt
  }
}

type Outcome = { readonly raw?: Result; readonly 'result-error'?: string }

async function outcomeOf(
  { processId, slot }: ScheduleReceipt,
  { request }: Call,
  deps: MainnetDeps,
  patienceMs: number,
): Promise<Outcome> {
  try {
    return { raw: await resultWithin(patienceMs, processId, slot, deps, request.signal) }
  } catch (error) {
    return { 'result-error': errorMessage(error) }
  }
}

/** The receipt as JSON and, for callers that read HTTP messages, as headers. */
function receiptReply(receipt: ScheduleReceipt, outcome: Outcome): RouteReply {
  const { id, processId, slot, timestampMs } = receipt
  const headers = {
    id,
    process: processId,
    slot: String(slot),
    timestamp: String(timestampMs),
  }
  const body = { id, process: processId, slot, timestamp: timestampMs, ...outcome }
  return { status: 200, headers, body }
}
