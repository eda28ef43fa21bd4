import type { RouteReply } from '../../network/index.ts'
import { requestInvalid } from '../errors.ts'
import type { MainnetDeps, SchedulePage } from '../ports.ts'
import { type Call, callKey, replyCodec } from './call.ts'

/** `schedule?from&to` (slots, both included): a schedule, or the page legacynet units read. */
export async function readSchedule(
  call: Call,
  processId: string,
  { scheduler }: MainnetDeps,
): Promise<RouteReply> {
  const to = callKey(call, 'to')
  const page = await scheduler.readSchedule(processId, {
    from: slotNumber('from', callKey(call, 'from') ?? '0'),
    to: to === undefined ? undefined : slotNumber('to', to),
  })
  return { status: 200, body: replyCodec(call) === 'aos2' ? page : scheduleOf(page) }
}

function scheduleOf({ page_info, edges }: SchedulePage) {
  const { has_next_page, ...info } = page_info
  return {
    type: 'schedule',
    ...info,
    continues: has_next_page,
    assignments: Object.fromEntries(edges.map(({ cursor, node }) => [cursor, node])),
  }
}

function slotNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw requestInvalid(`${name} must be a slot: a whole number from 0.`)
  return Number(text)
}
