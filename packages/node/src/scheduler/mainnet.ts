import type { CryptoEngine } from '@heddle/protocol/crypto'
import { ownerAddress, type Signer } from '@heddle/protocol/item'
import { requestInvalid, unknownProcess } from './errors.ts'
import type { SchedulerFace } from './face.ts'
import { readPage } from './pages.ts'
import type { BaseLayer } from './ports.ts'
import { nodeShape, type PageShape } from './shapes.ts'

/** What reads in the shape of mainnet (HyperBEAM's `~scheduler@1.0`) need. */
export type MainnetParts = {
  readonly scheduler: Pick<SchedulerFace, 'entries' | 'head'>
  readonly baseLayer: BaseLayer
  readonly signer: Signer
  readonly engine: CryptoEngine
}

/** Slots of one schedule, both ends included; `to` undefined is the newest. */
export type SlotRange = { readonly from: number; readonly to?: number | undefined }

/** Slots a mainnet schedule shows at once. */
const scheduleSlotsMax = 1000

/** Answer of `~scheduler@1.0/slot`: where a log stands and who schedules it. */
export type SlotShape = {
  readonly process: string
  readonly current: number
  readonly timestamp: number
  readonly 'block-height': number
  readonly 'block-hash': string
  readonly addresses: readonly string[]
}

/** Answer of `~scheduler@1.0/schedule` with `accept=application/aos-2`: a page with slot cursors. */
export type ScheduleShape = PageShape & {
  readonly page_info: {
    readonly process: string
    readonly has_next_page: boolean
    readonly timestamp: number
    readonly 'block-height': number
    readonly 'block-hash': string
  }
}

/** The newest slot of a process. Throws `unknown-process` (missing). */
export function readCurrentSlot(processId: string, parts: MainnetParts): SlotShape {
  return {
    process: processId,
    current: hostedHead(processId, parts) - 1,
    ...blockShape(parts.baseLayer),
    addresses: [ownerAddress(parts.signer, parts.engine)],
  }
}

/**
 * A page by slot, at most 1,000 of them; anchors that are no text come as base64url. Throws
 * `unknown-process` (missing), `request-invalid`.
 */
export async function readSchedule(
  processId: string,
  range: SlotRange,
  parts: MainnetParts,
): Promise<ScheduleShape> {
  const head = hostedHead(processId, parts)
  const to = range.to ?? head - 1
  if (!isSlot(range.from) || !isSlot(to)) {
    throw requestInvalid('from and to must be slots: whole numbers from 0')
  }
  const end = Math.min(head, to + 1)
  const { entries, hasNext } = await readPage(
    processId,
    { start: range.from, end, limit: scheduleSlotsMax },
    parts.scheduler,
  )
  return {
    page_info: {
      process: processId,
      has_next_page: hasNext,
      ...blockShape(parts.baseLayer),
    },
    edges: entries.map((entry) => ({
      cursor: String(entry.assignment.slot),
      node: nodeShape(entry, { engine: parts.engine, showAnchor: true }),
    })),
  }
}

function hostedHead(processId: string, { scheduler }: MainnetParts): number {
  const head = scheduler.head(processId)
  if (head === 0) throw unknownProcess(processId)
  return head
}

function blockShape(baseLayer: BaseLayer) {
  return {
    timestamp: baseLayer.timestampMs(),
    'block-height': baseLayer.height(),
    'block-hash': baseLayer.blockId(),
  }
}

function isSlot(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
